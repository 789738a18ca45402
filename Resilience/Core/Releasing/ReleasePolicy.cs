using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>How a canary is compared with the stable release, and how much of the traffic it gets meanwhile. Immutable; the shares are requirement C4's.</summary>
public sealed record ReleasePolicy
{
    /// <summary>The shares of the sessions that go to the canary without asking, step by step; rising. After the last one it is promoted. Key <c>steps</c>.</summary>
    public IReadOnlyList<double> Steps { get; init; } = [0.3];

    /// <summary>
    /// What callers check of its answers and count: each must be known, and right in every answer of the canary. Key <c>checks</c>.
    /// </summary>
    public IReadOnlyList<string> Checks { get; init; } = [];

    /// <summary>How much longer than the stable release's P95 a twentieth of the canary's calls may take, at most. Key <c>p95_ratio_limit</c>.</summary>
    public double P95RatioLimit { get; init; } = 1.2;

    /// <summary>So much longer is never too long: a ratio of a few milliseconds says little. Key <c>p95_slack_ms</c>.</summary>
    public TimeSpan P95Slack { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>By how much the canary's share of failed calls may be above the stable release's. Key <c>success_margin</c>.</summary>
    public double SuccessMargin { get; init; } = 0.02;

    /// <summary>Fewer calls to the canary than these prove nothing, however good they were. Key <c>minimum_requests</c>.</summary>
    public int MinimumRequests { get; init; } = 100;

    /// <summary>How often the gate looks. Key <c>interval_ms</c>.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A step that is not decided after this time is rolled back: what nobody can tell is not promoted. Key <c>patience_ms</c>.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(30);

    /// <exception cref="PolicyInvalidException">Something in it is wrong; every key is named.</exception>
    public ReleasePolicy Validated()
    {
        PolicyErrors.ThrowIfAny(Validate);
        return this;
    }

    internal void Validate(PolicyErrors errors)
    {
        errors.Require(
            "steps",
            $"[{string.Join(", ", Steps.Select(step => step.ToString(CultureInfo.InvariantCulture)))}]",
            Steps is [> 0, ..] and [.., <= 1] && Steps.Zip(Steps.Skip(1)).All(pair => pair.First < pair.Second),
            "must be shares that rise, above 0 and at most 1");
        errors.RequireNumber("p95_ratio_limit", P95RatioLimit, 1, 100);
        errors.RequireTime("p95_slack_ms", P95Slack);
        errors.RequireNumber("success_margin", SuccessMargin, 0.001, 0.5);
        errors.RequireCount("minimum_requests", MinimumRequests, 20, 1_000_000);
        errors.RequireTime("interval_ms", Interval);
        errors.RequireTime("patience_ms", Patience);
        errors.RequireAtLeast("patience_ms", Patience, "interval_ms", Interval);
    }
}
