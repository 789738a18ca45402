using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>
/// Decides from signals how far a service is degraded. Pure: the same state, reading, policy and time give the same decision, and nothing else is asked.
/// Going down takes evidence (Wilson's bound of 99 % above the limit, in several moments); coming up goes in steps, each proved on the share of real traffic
/// that takes the normal way, and waits twice as long after each that failed.
/// </summary>
public static class DegradationEngine
{
    /// <summary>Share of slow requests that a P99 at its limit means.</summary>
    private const double SlowShare = 0.01;

    /// <summary>Standard deviations by which a slope must differ from chance.</summary>
    private const double SlopeDeviations = 3;

    /// <summary>Decides.</summary>
    /// <param name="state">Where the service stands.</param>
    /// <param name="reading">What is known of it.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="now">Time of the reading, on the clock of the state.</param>
    /// <returns>The change to make, or null when all stays.</returns>
    public static DegradationDecision? Decide(DegradationState state, in SignalReading reading, DegradationPolicy policy, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        if (state.IsForced)
        {
            return null;
        }

        var crossed = Crossed(reading, policy);
        var (wanted, rule) = Wanted(crossed, policy);
        if (wanted > state.Level)
        {
            var again = wanted >= DegradationLevel.Degraded && state.WorkedAt is { } worked && now - worked < policy.MaxCooldown;
            var cooldown = wanted < DegradationLevel.Degraded ? state.Cooldown : again ? Longer(state.Cooldown, policy) : First(state, policy);
            var next = new DegradationState(wanted, -1, now, cooldown, state.WorkedAt);
            return new DegradationDecision(state, next, crossed, reading, $"{wanted}: {Describe(rule, reading, policy)}{(again ? ", soon after the last recovery" : "")}");
        }

        return state.Level switch
        {
            DegradationLevel.Normal => null,
            DegradationLevel.Alert => EndAlert(state, wanted, crossed, reading, policy, now),
            _ => state.IsRecovering ? JudgeStep(state, crossed, reading, policy, now) : BeginRecovery(state, crossed, reading, policy, now),
        };
    }

    /// <summary>Takes a level by an operator's word; no signal changes it until <see cref="Release"/>.</summary>
    public static DegradationState Force(DegradationState state, DegradationLevel level, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state with { Level = level, Step = -1, Since = now, IsForced = true };
    }

    /// <summary>Gives the decision back to the signals. A degraded service recovers in steps, as from any other trouble.</summary>
    public static DegradationState Release(DegradationState state, DegradationPolicy policy, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        return state with { Since = now, Cooldown = policy.Cooldown, IsForced = false };
    }

    /// <summary>The signals that cross their limits, by evidence.</summary>
    public static Signals Crossed(in SignalReading reading, DegradationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var (all, timed, crossed) = (reading.All, reading.Timed, Signals.None);
        if (timed.Requests >= policy.MinimumRequests)
        {
            crossed |= timed.SlowSlices >= policy.MinimumSlices && Proportion.LowerBound(timed.Slow, timed.Requests, Proportion.Certain) > SlowShare ? Signals.P99 : 0;
        }

        if (all.Requests >= policy.MinimumRequests)
        {
            crossed |= all.FailedSlices >= policy.MinimumSlices && Proportion.LowerBound(all.Failures, all.Requests, Proportion.Certain) > policy.ErrorLimit ? Signals.Errors : 0;
        }

        return reading.Slope < policy.SlopeLimit && -reading.Slope > SlopeDeviations * reading.SlopeNoise ? crossed | Signals.Slope : crossed;
    }

    private static (DegradationLevel Level, Signals Rule) Wanted(Signals crossed, DegradationPolicy policy)
    {
        var (level, rule) = (DegradationLevel.Normal, Signals.None);
        foreach (var row in policy.Rules)
        {
            if ((row.When & crossed) == row.When && row.Then > level)
            {
                (level, rule) = (row.Then, row.When);
            }
        }

        return (level, rule);
    }

    /// <summary>An alert changes nothing for requests: the cooldown that recoveries have lengthened is not its own, and waits for the next of them.</summary>
    private static DegradationDecision? EndAlert(
        DegradationState state, DegradationLevel wanted, Signals crossed, in SignalReading reading, DegradationPolicy policy, TimeSpan now) =>
        wanted >= DegradationLevel.Alert || now - state.Since < policy.Cooldown
            ? null
            : new DegradationDecision(state, state with { Level = DegradationLevel.Normal, Since = now }, crossed, reading, $"Normal: nothing to alert of, {Present(reading, policy)}");

    private static DegradationDecision? BeginRecovery(DegradationState state, Signals crossed, in SignalReading reading, DegradationPolicy policy, TimeSpan now) =>
        now - state.Since < state.Cooldown
            ? null
            : new DegradationDecision(
                state, state with { Step = 0, Since = now }, crossed, reading, $"Recovering: {Share(policy, 0)} of the traffic takes the normal way, {Seconds(state.Cooldown)} after {state.Level}");

    private static DegradationDecision? JudgeStep(DegradationState state, Signals crossed, in SignalReading reading, DegradationPolicy policy, TimeSpan now)
    {
        var sample = reading.Recovered;
        if (IsAgainst(sample, sample.Failures, sample.FailedSlices, policy.ErrorLimit, policy) || IsAgainst(sample, sample.Slow, sample.SlowSlices, SlowShare, policy))
        {
            var cooldown = Longer(state.Cooldown, policy);
            return new DegradationDecision(
                state, state with { Step = -1, Since = now, Cooldown = cooldown }, crossed, reading, $"{state.Level} again, for {Seconds(cooldown)}: {Sample(sample, policy)}");
        }

        var lasted = now - state.Since;
        var isProved = lasted >= policy.StepTime && sample.Requests >= policy.StepRequests
            && sample.Failures <= policy.ErrorLimit * sample.Requests && sample.Slow <= SlowShare * sample.Requests;
        if (!isProved && lasted < policy.Patience)
        {
            return null;
        }

        var why = isProved ? Sample(sample, policy) : $"no evidence was against it for {Seconds(policy.Patience)}, {Sample(sample, policy)}";
        return state.Step + 1 < policy.RecoverySteps.Count
            ? new DegradationDecision(state, state with { Step = state.Step + 1, Since = now }, crossed, reading, $"Recovering: {Share(policy, state.Step + 1)} of the traffic, {why}")
            : new DegradationDecision(
                state, state with { Level = DegradationLevel.Normal, Step = -1, Since = now, WorkedAt = now }, crossed, reading, $"Normal: {why}");
    }

    /// <summary>Whether a step has failed by what was bad in it. Of few requests a bad one is no evidence: only where there was one in several moments.</summary>
    private static bool IsAgainst(in WindowReading sample, long bad, int slices, double limit, DegradationPolicy policy) =>
        (sample.Requests >= policy.StepRequests || slices >= policy.MinimumSlices) && Proportion.LowerBound(bad, sample.Requests, Proportion.Likely) > limit;

    /// <summary>A cooldown that was never lengthened, or long ago, starts from the first; one that escalates keeps its own.</summary>
    private static TimeSpan First(DegradationState state, DegradationPolicy policy) =>
        state.Level >= DegradationLevel.Degraded && state.Cooldown > policy.Cooldown ? state.Cooldown : policy.Cooldown;

    private static TimeSpan Longer(TimeSpan cooldown, DegradationPolicy policy) =>
        TimeSpan.FromTicks(Math.Min(policy.MaxCooldown.Ticks, Math.Max(policy.Cooldown.Ticks, cooldown.Ticks > policy.MaxCooldown.Ticks / 2 ? policy.MaxCooldown.Ticks : cooldown.Ticks * 2)));

    private static string Describe(Signals rule, in SignalReading reading, DegradationPolicy policy)
    {
        var parts = new List<string>(3);
        var (all, timed) = (reading.All, reading.Timed);
        if (rule.HasFlag(Signals.P99))
        {
            parts.Add($"P99 {Ms(timed.P99)} > {Ms(policy.P99Limit)} ({timed.Slow} of {timed.Requests} slower)");
        }

        if (rule.HasFlag(Signals.Errors))
        {
            parts.Add($"errors {Percent(all.ErrorRatio)} > {Percent(policy.ErrorLimit)} ({all.Failures} of {all.Requests})");
        }

        if (rule.HasFlag(Signals.Slope))
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"traffic falls by {-reading.Slope:0.##}/s^2 > {-policy.SlopeLimit:0.##}/s^2"));
        }

        return string.Join(", ", parts);
    }

    /// <summary>All signals as they are, whichever of them an alert was about.</summary>
    private static string Present(in SignalReading reading, DegradationPolicy policy)
    {
        var all = reading.All;
        var requests = all.Requests == 0 ? "no requests" : $"P99 {Ms(reading.Timed.P99)} (limit {Ms(policy.P99Limit)}), errors {Percent(all.ErrorRatio)} of {all.Requests} (limit {Percent(policy.ErrorLimit)})";
        return reading.Slope is { } slope ? string.Create(CultureInfo.InvariantCulture, $"{requests}, slope {slope:0.##}/s^2 (limit {policy.SlopeLimit:0.##}/s^2)") : requests;
    }

    private static string Sample(in WindowReading sample, DegradationPolicy policy) =>
        $"of {sample.Requests} requests {sample.Failures} failed (limit {Percent(policy.ErrorLimit)}) and {sample.Slow} took longer than {Ms(policy.P99Limit)} (limit {Percent(SlowShare)})";

    private static string Share(DegradationPolicy policy, int step) => Percent(policy.RecoverySteps[step]);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##} %");

    private static string Ms(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}
