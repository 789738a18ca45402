using System.Globalization;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Releasing;

/// <summary>
/// Learns how the releases do from Prometheus, which has what the callers of both counted. A number that is missing, no number, or from a server that does not answer is
/// no evidence. Thread-safe.
/// </summary>
/// <param name="prometheus">Asks Prometheus; null where there is none.</param>
internal sealed class PrometheusReleaseMetrics(Func<string, CancellationToken, Task<PrometheusAnswer>>? prometheus) : IReleaseMetrics
{
    private const string CheckCounts = "resilience_release_check_count_total";
    private const string CallDurations = "resilience_release_call_duration_seconds_bucket";

    /// <summary>A rate over less time than a few scrapes is none.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(4);

    public async Task<ReleaseEvidence> ReadAsync(string service, TimeSpan time, CancellationToken cancellationToken)
    {
        if (prometheus is null)
        {
            return new ReleaseEvidence(null, null, "there is no Prometheus: the connection string prometheus is not set");
        }

        if (time < Shortest)
        {
            return new ReleaseEvidence(null, null, "the step has only just begun");
        }

        var range = string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalSeconds}s");
        var checkQuery = $"sum by (channel, check, result) (increase({CheckCounts}{{dependency=\"{service}\"}}[{range}]))";
        var latencyQuery = $"sum by (channel, le) (increase({CallDurations}{{dependency=\"{service}\"}}[{range}]))";
        var checks = await prometheus(checkQuery, cancellationToken);
        var latencies = await prometheus(latencyQuery, cancellationToken);
        if (new[] { checks, latencies }.FirstOrDefault(answer => answer.Outcome is PrometheusOutcome.Refused or PrometheusOutcome.Unreachable) is { } unanswered)
        {
            return new ReleaseEvidence(null, null, unanswered.Problem);
        }

        if (checks.Samples.Concat(latencies.Samples).Any(sample => !double.IsFinite(sample.Value) || sample.Value < 0))
        {
            return new ReleaseEvidence(null, null, "Prometheus answers with what is no number");
        }

        var (stable, canary) = (SampleOf(ReleaseChannel.Stable, checks, latencies), SampleOf(ReleaseChannel.Canary, checks, latencies));
        var queries = new Dictionary<string, string> { [ReleaseGate.P95] = latencyQuery };
        foreach (var check in checks.Samples.Select(sample => sample.Labels.GetValueOrDefault("check")).OfType<string>())
        {
            queries[check] = checkQuery;
        }

        var missing = stable is null ? "Prometheus knows of no calls to the stable release yet" : canary is null ? "Prometheus knows of no calls to the canary yet" : null;
        return new ReleaseEvidence(stable, canary, missing) { Queries = queries };
    }

    private static ReleaseSample? SampleOf(ReleaseChannel channel, PrometheusAnswer checks, PrometheusAnswer latencies)
    {
        var counts = checks.Samples.Where(sample => IsOf(sample, channel) && sample.Labels.ContainsKey("check"))
            .GroupBy(sample => sample.Labels["check"], StringComparer.Ordinal)
            .ToDictionary(check => check.Key, check => new CheckCounts(Sum(check, "pass"), Sum(check, "fail")), StringComparer.Ordinal);
        var buckets = latencies.Samples.Where(sample => IsOf(sample, channel) && sample.Labels.ContainsKey("le"))
            .Select(sample => (Bound: Bound(sample.Labels["le"]), sample.Value)).OrderBy(bucket => bucket.Bound).ToList();

        // Prometheus extrapolates each bucket by itself, so that one may seem to have lost what the one below has.
        long most = 0;
        var cumulated = buckets.Select(bucket => most = Math.Max(most, (long)Math.Round(bucket.Value))).ToList();
        var sample = new ReleaseSample(new LatencyCounts([.. buckets.Select(bucket => bucket.Bound)], cumulated), counts);
        return sample.Requests == 0 ? null : sample;

        long Sum(IEnumerable<PrometheusSample> samples, string result) =>
            (long)Math.Round(samples.Where(entry => entry.Labels.GetValueOrDefault("result") == result).Sum(entry => entry.Value));
    }

    private static bool IsOf(PrometheusSample sample, ReleaseChannel channel) => sample.Labels.GetValueOrDefault("channel") == channel.ToName();

    private static double Bound(string le) => le == "+Inf" ? double.PositiveInfinity : double.Parse(le, NumberStyles.Float, CultureInfo.InvariantCulture);
}
