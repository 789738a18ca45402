using System.Globalization;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Degradation;

/// <summary>
/// The recording rules of <c>config/prometheus/degradation.rules.yml</c>: how they are asked for, and what their values say. A value that is missing, old or no number makes
/// the whole reading unknown, but for the values that are such without requests.
/// </summary>
internal static class SignalRules
{
    public const string P99 = "service:signal_p99_seconds:2m";
    public const string ErrorRatio = "service:signal_error_ratio:1m";
    public const string Slope = "service:signal_slope:3m";

    /// <summary>All rules of all services, each with the time when it was last evaluated.</summary>
    public const string All = """{__name__=~"service:signal_.+"}[10s]""";

    private const string Service = "service";
    private const string Name = "__name__";

    // As the rules have them, whatever a policy says of an instance's own windows.
    private static readonly TimeSpan RateTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SlopeTime = TimeSpan.FromMinutes(3);

    /// <summary>The rules are evaluated once a second; Prometheus is late by a few at most while it works.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);

    /// <summary>The requests of a service that took the normal way within a time that ends now.</summary>
    /// <param name="service">The service.</param>
    /// <param name="seconds">The time.</param>
    public static string NormalWay(string service, int seconds) => string.Create(
        CultureInfo.InvariantCulture, $$"""sum by (failed, slow) (increase(resilience_signal_request_count_total{service="{{service}}",way="normal"}[{{seconds}}s]))""");

    /// <summary>What the answer to <see cref="All"/> says of each of <paramref name="services"/>.</summary>
    public static IReadOnlyDictionary<string, FleetReading> Read(PrometheusAnswer answer, IEnumerable<string> services)
    {
        var byService = answer.Samples.ToLookup(sample => sample[Service], StringComparer.Ordinal);
        return services.ToDictionary(
            service => service,
            service => answer.Problem is { } problem ? FleetReading.Unknown(problem) : ReadOne(byService[service].ToDictionary(sample => sample[Name], sample => answer.Of(sample, FreshFor))),
            StringComparer.Ordinal);
    }

    /// <summary>What the answer to <see cref="NormalWay"/> says; null when it says nothing. Nobody who took the normal way is an answer.</summary>
    public static WindowReading? ReadNormalWay(PrometheusAnswer answer)
    {
        if (answer.Outcome is not (PrometheusOutcome.Samples or PrometheusOutcome.NoData) || answer.Samples.Any(sample => !double.IsFinite(sample.Value)))
        {
            return null;
        }

        return new WindowReading(Sum(_ => true), Sum(sample => sample["failed"] == "true"), Sum(sample => sample["slow"] == "true"), 0, 0, TimeSpan.Zero);

        long Sum(Func<PrometheusSample, bool> of) => Whole(answer.Samples.Where(of).Sum(sample => sample.Value));
    }

    private static FleetReading ReadOne(Dictionary<string, PrometheusValue> values)
    {
        if (Of("service:signal_instances:up").Value is not > 0)
        {
            return FleetReading.Unknown(Of("service:signal_instances:up").Problem is { } none ? $"service:signal_instances:up: {none}" : "no instance answers");
        }

        var problems = new List<string>();
        var failing = new WindowReading(Count("service:signal_requests:1m"), Count("service:signal_failures:1m"), 0, Slices("service:signal_failed_slices:1m"), 0, TimeSpan.Zero);
        var p99 = Of(P99).Value;
        var timed = new WindowReading(
            Count("service:signal_requests:2m"), 0, Count("service:signal_slow:2m"), 0, Slices("service:signal_slow_slices:2m"), TimeSpan.FromSeconds(p99 ?? 0));
        var isSteady = Count("service:signal_changes:2m") == 0;
        if (problems.Count > 0)
        {
            return FleetReading.Unknown(string.Join("; ", problems));
        }

        // The rate of an instance that is not scraped seems to fall: then the slope is not known.
        var (rate, slope) = (Of("service:signal_rate:5m").Value, Of("service:signal_scraped:3m").Value == 1 ? Of(Slope).Value : null);
        var noise = TrafficSlope.NoiseOf(rate ?? 0, RateTime, SlopeTime);
        return new FleetReading(new SignalReading(failing, Rate: rate, Slope: slope, SlopeNoise: noise, Latencies: timed), p99, Of(ErrorRatio).Value, isSteady);

        PrometheusValue Of(string rule) => values.TryGetValue(rule, out var value) ? value : new PrometheusValue(PrometheusQuality.NoData, null, "there are no data");

        long Count(string rule)
        {
            var value = Of(rule);
            if (value.Value is not { } number)
            {
                problems.Add($"{rule}: {value.Problem}");
                return 0;
            }

            return Whole(number);
        }

        // Without anything slow or failed in any of them there is no series.
        int Slices(string rule) => Of(rule) is { Quality: PrometheusQuality.NoData } ? 0 : (int)Count(rule);
    }

    /// <summary>Prometheus extends an increase to the edges of its window, so that it is seldom whole.</summary>
    private static long Whole(double count) => (long)Math.Round(Math.Max(0, count));
}
