using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>When a service degrades, how far, and how it comes back. Immutable; the defaults are requirement C1 and C2's.</summary>
public sealed record DegradationPolicy
{
    /// <summary>Whether the service degrades at all; one that does not is always at <see cref="DegradationLevel.Normal"/>. Key <c>enabled</c>.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>P99 above which a service is slow. Key <c>p99_limit_ms</c>.</summary>
    public TimeSpan P99Limit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Share of failed requests above which it fails. Key <c>error_limit</c>.</summary>
    public double ErrorLimit { get; init; } = 0.05;

    /// <summary>Slope of the rate, in 1/s^2, below which its traffic collapses. Negative. Key <c>slope_limit</c>.</summary>
    public double SlopeLimit { get; init; } = -0.8;

    /// <summary>Length of the sliding window for latencies and failures. Key <c>window_ms</c>.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time a rate of requests is the mean of. Whole seconds. Key <c>rate_ms</c>.</summary>
    public TimeSpan RateTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time the slope of the rate is taken over. Whole seconds, at least 10. Key <c>slope_ms</c>.</summary>
    public TimeSpan SlopeTime { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Fewer requests than these in the window are no evidence of anything. Key <c>minimum_requests</c>.</summary>
    public int MinimumRequests { get; init; } = 20;

    /// <summary>
    /// In how many slices of the window (each a twentieth of it) something must have been slow or failed: what hit one moment only, such as a pause of the
    /// garbage collector, is a spike and no trouble. Key <c>minimum_slices</c>.
    /// </summary>
    public int MinimumSlices { get; init; } = 2;

    /// <summary>What to do on which signals. Of those that match, the one with the highest level counts. Keys <c>alert_on</c>, <c>degrade_on</c>, <c>break_on</c>.</summary>
    public IReadOnlyList<DegradationRule> Rules { get; init; } =
    [
        new(Signals.P99, DegradationLevel.Alert),
        new(Signals.P99 | Signals.Errors, DegradationLevel.Degraded),
        new(Signals.P99 | Signals.Errors | Signals.Slope, DegradationLevel.Broken),
    ];

    /// <summary>The shares of traffic that take the normal way again, step by step; ascending, the last one 1. Key <c>recovery_steps</c>.</summary>
    public IReadOnlyList<double> RecoverySteps { get; init; } = [0.05, 0.25, 0.5, 1];

    /// <summary>How long nothing is tried after a level was taken, and how long an alert stands. Key <c>cooldown_ms</c>.</summary>
    public TimeSpan Cooldown { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The cooldown doubles with each recovery that fails, up to this; whoever stays well for as long starts from the first again. Key <c>max_cooldown_ms</c>.</summary>
    public TimeSpan MaxCooldown { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A step lasts at least so long. Key <c>step_ms</c>.</summary>
    public TimeSpan StepTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>So many requests must have taken the normal way well before a step is proved. Key <c>step_requests</c>.</summary>
    public int StepRequests { get; init; } = 20;

    /// <summary>With too few requests to prove a step, and nothing against it, it goes on after this time: who has no traffic must not stay degraded for ever. Key <c>patience_ms</c>.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <exception cref="PolicyInvalidException">Something in it is wrong; every key is named.</exception>
    public DegradationPolicy Validated()
    {
        PolicyErrors.ThrowIfAny(Validate);
        return this;
    }

    /// <summary>Whether it says the same; equality takes two lists of the same for different ones.</summary>
    internal bool SaysTheSameAs(DegradationPolicy other) =>
        (this with { Rules = other.Rules, RecoverySteps = other.RecoverySteps }) == other && Rules.SequenceEqual(other.Rules) && RecoverySteps.SequenceEqual(other.RecoverySteps);

    internal void Validate(PolicyErrors errors)
    {
        RequireMilliseconds(errors, "p99_limit_ms", P99Limit, 1, 120_000);
        errors.RequireNumber("error_limit", ErrorLimit, 0.001, 0.999);
        errors.RequireNumber("slope_limit", SlopeLimit, -1_000_000, -0.001);
        RequireMilliseconds(errors, "window_ms", Window, 1000, 3_600_000);
        RequireSeconds(errors, "rate_ms", RateTime, 1);
        RequireSeconds(errors, "slope_ms", SlopeTime, TrafficSlope.FewestPoints);
        errors.RequireCount("minimum_requests", MinimumRequests, 1, 1_000_000);
        errors.RequireCount("minimum_slices", MinimumSlices, 1, SignalWindow.Slices);
        foreach (var rule in Rules.Where(rule => rule.When == Signals.None || rule.Then == DegradationLevel.Normal || !Enum.IsDefined(rule.Then)))
        {
            errors.Add(new PolicyError("rules", rule.ToString(), "must say on which signals to take which level above Normal"));
        }

        errors.Require(
            "recovery_steps",
            $"[{string.Join(", ", RecoverySteps.Select(step => step.ToString(CultureInfo.InvariantCulture)))}]",
            RecoverySteps is [> 0, ..] and [.., 1] && RecoverySteps.Zip(RecoverySteps.Skip(1)).All(pair => pair.First < pair.Second),
            "must be shares that rise from above 0 to 1");
        errors.RequireTime("cooldown_ms", Cooldown);
        errors.RequireTime("max_cooldown_ms", MaxCooldown);
        errors.RequireAtLeast("max_cooldown_ms", MaxCooldown, "cooldown_ms", Cooldown);
        errors.RequireTime("step_ms", StepTime);
        errors.RequireCount("step_requests", StepRequests, 1, 1_000_000);
        errors.RequireTime("patience_ms", Patience);
        errors.RequireAtLeast("patience_ms", Patience, "step_ms", StepTime);
    }

    private static void RequireMilliseconds(PolicyErrors errors, string key, TimeSpan value, int least, int most) => errors.Require(
        key,
        string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds} ms"),
        value >= TimeSpan.FromMilliseconds(least) && value <= TimeSpan.FromMilliseconds(most),
        string.Create(CultureInfo.InvariantCulture, $"must be from {least} to {most} ms"));

    private static void RequireSeconds(PolicyErrors errors, string key, TimeSpan value, int least) => errors.Require(
        key,
        string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds} ms"),
        value >= TimeSpan.FromSeconds(least) && value <= TimeSpan.FromHours(1) && value.Ticks % TimeSpan.TicksPerSecond == 0,
        string.Create(CultureInfo.InvariantCulture, $"must be whole seconds from {least * 1000} to 3600000 ms"));
}

/// <summary>A row of the decision matrix.</summary>
/// <param name="When">The signals that must all cross their limits.</param>
/// <param name="Then">The level that is taken.</param>
public sealed record DegradationRule(Signals When, DegradationLevel Then);
