using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>
/// Judges a canary by what is known of it and of the stable release beside it. Pure. Whatever is missing or broken is not enough evidence, and that never passes.
/// </summary>
/// <remarks>
/// A share is judged by Wilson's bounds of 99.5 %: worse than allowed when even the lower one is, not worse when even the upper one is not. A canary without a single
/// failure passes a margin of 2 % after about 330 calls. What may never happen (another shape of the answer, a wrong amount) fails at the first time.
/// </remarks>
public static class ReleaseGate
{
    /// <summary>Name of the check that a call succeeded, of which every release has some that fail.</summary>
    public const string Success = "success";

    /// <summary>Name of the comparison of latencies.</summary>
    public const string P95 = "p95";

    /// <summary>Standard deviations of one-sided 99.5 %.</summary>
    internal const double Sure = 2.576;

    private const double SlowShare = 0.05;

    /// <summary>Judges.</summary>
    /// <param name="evidence">What is known.</param>
    /// <param name="checks">Names of the checks that must be known and never fail.</param>
    /// <param name="policy">The policy in force.</param>
    public static ReleaseJudgement Judge(ReleaseEvidence evidence, IReadOnlyCollection<string> checks, ReleasePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(checks);
        ArgumentNullException.ThrowIfNull(policy);
        MetricVerdict[] metrics =
        [
            JudgeLatency(evidence, policy), JudgeSuccess(evidence, policy),
            .. checks.Union(evidence.Canary?.Checks.Keys ?? []).Where(check => check != Success).Order(StringComparer.Ordinal).Select(check => JudgeCheck(check, evidence, policy)),
        ];
        var verdict = metrics.Any(metric => metric.Verdict == ReleaseVerdict.Fail) ? ReleaseVerdict.Fail
            : metrics.All(metric => metric.Verdict == ReleaseVerdict.Pass) ? ReleaseVerdict.Pass
            : ReleaseVerdict.NotEnoughEvidence;
        return new ReleaseJudgement(verdict, evidence.Canary?.Requests ?? 0, metrics);
    }

    /// <summary>The canary is too slow when more than a twentieth of its calls take longer than the stable release's P95 and the tolerance: then its own P95 is above that.</summary>
    private static MetricVerdict JudgeLatency(ReleaseEvidence evidence, ReleasePolicy policy)
    {
        var query = evidence.Queries.GetValueOrDefault(P95);
        if (evidence is not { Stable: { } stable, Canary: { } canary } || !(stable.Latencies.Quantile(0.95) is > 0 and < double.PositiveInfinity and var reference))
        {
            return Unknown(P95, "s", evidence.Canary?.Latencies.Total ?? 0, query, evidence.Missing ?? "there is no P95 of the stable release to compare with");
        }

        var (size, value) = (canary.Latencies.Total, canary.Latencies.Quantile(0.95));
        var (slow, limit) = canary.Latencies.Above(Math.Max(reference * policy.P95RatioLimit, reference + policy.P95Slack.TotalSeconds));
        var shares = $"{Share(slow, size)} of {size} calls to the canary took longer than {Ms(limit)} (the stable P95 is {Ms(reference)}), allowed are {Percent(SlowShare)}";
        return double.IsInfinity(limit)
            ? Unknown(P95, "s", size, query, $"the limit, {Ms(reference * policy.P95RatioLimit)}, is above what the histogram tells apart")
            : Told(P95, slow, size, SlowShare, stable.Latencies.Total, policy, new MetricVerdict(P95, default, double.IsFinite(value) ? value : null, limit, "s", size, 0, query, shares));
    }

    private static MetricVerdict JudgeSuccess(ReleaseEvidence evidence, ReleasePolicy policy)
    {
        var query = evidence.Queries.GetValueOrDefault(Success);
        if (evidence is not { Stable: { Requests: > 0 } stable, Canary: { Requests: > 0 } canary })
        {
            return Unknown(Success, "1", evidence.Canary?.Requests ?? 0, query, evidence.Missing ?? "there are no calls to both releases to compare");
        }

        var (ours, theirs) = (canary.Checks[Success], stable.Checks[Success]);
        var reference = (double)theirs.Failed / theirs.Total;
        var limit = Math.Min(reference + policy.SuccessMargin, 0.999);
        var shares = $"{Share(ours.Failed, ours.Total)} of {ours.Total} calls to the canary failed (of the stable release {Percent(reference)}), allowed are {Percent(limit)}";
        return Told(Success, ours.Failed, ours.Total, limit, theirs.Total, policy, new MetricVerdict(Success, default, 1 - ((double)ours.Failed / ours.Total), 1 - limit, "1", ours.Total, 0, query, shares));
    }

    /// <summary>What nobody checked is no evidence, and one wrong answer fails: it may never happen, whatever the stable release does.</summary>
    private static MetricVerdict JudgeCheck(string name, ReleaseEvidence evidence, ReleasePolicy policy)
    {
        var query = evidence.Queries.GetValueOrDefault(name);
        if (evidence.Canary is not { } canary || !canary.Checks.TryGetValue(name, out var ours) || ours.Total == 0)
        {
            return Unknown(name, "1", 0, query, evidence.Missing ?? "nothing of the canary was checked");
        }

        var text = $"{name} was wrong in {ours.Failed} of {ours.Total} answers of the canary, allowed are none";
        var (verdict, needed) = ours.Failed > 0 ? (ReleaseVerdict.Fail, 0)
            : ours.Total >= policy.MinimumRequests ? (ReleaseVerdict.Pass, 0)
            : (ReleaseVerdict.NotEnoughEvidence, policy.MinimumRequests);
        return new MetricVerdict(
            name, verdict, (double)ours.Failed / ours.Total, 0, "1", ours.Total, needed, query, needed > 0 ? $"{text}; it takes {needed} to tell" : text);
    }

    private static MetricVerdict Told(string name, long hits, long size, double limit, long reference, ReleasePolicy policy, MetricVerdict metric)
    {
        if (size >= policy.MinimumRequests / 5 && Proportion.LowerBound(hits, size, Sure) > limit)
        {
            return metric with { Verdict = ReleaseVerdict.Fail };
        }

        var isKnown = size >= policy.MinimumRequests && reference >= policy.MinimumRequests;
        if (isKnown && Proportion.UpperBound(hits, size, Sure) <= limit)
        {
            return metric with { Verdict = ReleaseVerdict.Pass };
        }

        var needed = Needed(size == 0 ? 0 : (double)hits / size, limit, policy);
        var wanting = size >= policy.MinimumRequests && !isKnown ? $"; of the stable release only {reference} are known" : "";
        return metric with
        {
            Verdict = ReleaseVerdict.NotEnoughEvidence,
            Needed = needed,
            Reason = $"{name}: {metric.Reason}; {(needed == long.MaxValue ? "no number of calls would tell" : $"it takes about {needed} to tell")}{wanting}",
        };
    }

    /// <summary>How many calls it takes until the bound of <paramref name="share"/> is within <paramref name="limit"/>, to a twentieth.</summary>
    private static long Needed(double share, double limit, ReleasePolicy policy)
    {
        if (share >= limit)
        {
            return long.MaxValue;
        }

        long size = policy.MinimumRequests;
        while (size < 1_000_000_000 && Proportion.UpperBound((long)Math.Ceiling(share * size), size, Sure) > limit)
        {
            size += Math.Max(1, size / 20);
        }

        return size;
    }

    private static MetricVerdict Unknown(string name, string unit, long size, string? query, string why) =>
        new(name, ReleaseVerdict.NotEnoughEvidence, null, null, unit, size, 0, query, $"{name} is not known: {why}");

    private static string Share(long hits, long size) => size == 0 ? "0 %" : Percent((double)hits / size);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##} %");

    private static string Ms(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.#} ms");
}
