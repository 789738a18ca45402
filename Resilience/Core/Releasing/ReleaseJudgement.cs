namespace ResilientShop.Resilience;

/// <summary>What a comparison says.</summary>
public enum ReleaseVerdict
{
    /// <summary>Nobody can tell yet: too few calls, or the numbers are missing or broken. Never a pass.</summary>
    NotEnoughEvidence,

    /// <summary>The canary is not worse than is allowed.</summary>
    Pass,

    /// <summary>The canary is worse than is allowed.</summary>
    Fail,
}

/// <summary>One thing that was compared: the record of it. Immutable.</summary>
/// <param name="Name">What was compared: <c>p95</c>, <c>success</c>, or the name of a check.</param>
/// <param name="Verdict">What it says.</param>
/// <param name="Value">The canary's value; null when it is not known.</param>
/// <param name="Limit">What it was held against; null when that is not known.</param>
/// <param name="Unit">Unit of both: <c>s</c>, or <c>1</c> for a share.</param>
/// <param name="SampleSize">Calls to the canary that it is known of.</param>
/// <param name="Needed">About how many calls it takes to tell, if the canary is as it seems; 0 where it is told.</param>
/// <param name="Query">What was asked to learn it; null when nothing was.</param>
/// <param name="Reason">Why, as a sentence with values and limits.</param>
public sealed record MetricVerdict(
    string Name, ReleaseVerdict Verdict, double? Value, double? Limit, string Unit, long SampleSize, long Needed, string? Query, string Reason);

/// <summary>What all comparisons say together. Immutable.</summary>
/// <param name="Verdict">A fail where anything failed, a pass where everything passed.</param>
/// <param name="Requests">Calls to the canary.</param>
/// <param name="Metrics">Each comparison.</param>
public sealed record ReleaseJudgement(ReleaseVerdict Verdict, long Requests, IReadOnlyList<MetricVerdict> Metrics)
{
    /// <summary>It all in one sentence: what failed, else what is not known yet, else what passed.</summary>
    public string Reason => string.Join("; ", Metrics.Where(metric => metric.Verdict == Verdict).Select(metric => metric.Reason));
}
