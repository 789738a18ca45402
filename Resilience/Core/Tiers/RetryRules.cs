namespace ResilientShop.Resilience;

/// <summary>What follows from a failed attempt.</summary>
internal enum NextStep
{
    /// <summary>The failure goes to the caller as it is.</summary>
    Return,

    /// <summary>Another attempt.</summary>
    Retry,

    /// <summary>Another attempt would be right, but there is no time for it.</summary>
    NotEnoughTime,
}

/// <summary>The answer of <see cref="RetryRules"/>.</summary>
/// <param name="Step">What follows.</param>
/// <param name="Tier">With a retry: whose it is.</param>
/// <param name="Delay">With a retry: the wait before it.</param>
/// <param name="Why">Without one: why there is none, for telemetry.</param>
internal readonly record struct RetryDecision(NextStep Step, Tier Tier, TimeSpan Delay, string Why)
{
    public static RetryDecision Return(string why) => new(NextStep.Return, Tier.None, TimeSpan.Zero, why);
}

/// <summary>What is known when an attempt has failed.</summary>
internal readonly record struct FailedAttempt(Verdict Verdict)
{
    public required Idempotency Idempotency { get; init; }

    public required bool CanRepeat { get; init; }

    public required bool CallerRetries { get; init; }

    /// <summary>Attempts that L1 has made, the first of the call included.</summary>
    public required int L1Attempts { get; init; }

    /// <summary>Attempts that L2 has made, the first of the call included.</summary>
    public required int L2Attempts { get; init; }

    /// <summary>What is left of L1's window; nothing where L1 is off.</summary>
    public required TimeSpan WindowLeft { get; init; }

    public required TimeSpan TimeLeft { get; init; }
}

/// <summary>
/// Decides whether, when and by which tier a failed attempt is retried. L1 takes what failed on the way, within its window; L2 takes what the dependency
/// answered and what L1 could not mend. Pure: neither clock, randomness nor state; breaker and budget are asked afterwards.
/// </summary>
internal static class RetryRules
{
    public static RetryDecision Decide(DependencyPolicy policy, in FailedAttempt failed, double random)
    {
        if (WhyNot(failed) is { } why)
        {
            return RetryDecision.Return(why);
        }

        if (L1(policy, failed, random) is { } delay)
        {
            return Within(policy, failed, Tier.L1, delay);
        }

        if (failed.L2Attempts >= policy.L2.MaxAttempts)
        {
            return RetryDecision.Return("attempts_used_up");
        }

        var backoff = policy.L2.Backoff.DelayBefore(failed.L2Attempts - 1, random);
        if (failed.Verdict.RetryAfter is not { } asked)
        {
            return Within(policy, failed, Tier.L2, backoff);
        }

        // Who asks for a time gets it or nothing: coming back earlier is refused again, and the answer that says so is worth more than our own.
        return failed.TimeLeft - asked < policy.MinTimeLeft
            ? RetryDecision.Return("retry_after_beyond_deadline")
            : Within(policy, failed, Tier.L2, asked);
    }

    private static string? WhyNot(in FailedAttempt failed) => failed switch
    {
        { Verdict.IsTransient: false } => "not_transient",
        { Idempotency: Idempotency.NotIdempotent, Verdict.NeverSent: false } => "not_idempotent",
        { CanRepeat: false } => "not_repeatable",
        { CallerRetries: true } => "caller_retries",
        _ => null,
    };

    /// <summary>The wait before L1's next attempt, or null when this is not L1's.</summary>
    private static TimeSpan? L1(DependencyPolicy policy, in FailedAttempt failed, double random)
    {
        if (policy.L1 is not { } l1 || failed.Verdict.Outcome != AttemptOutcome.TransportFailure || failed.L1Attempts >= l1.MaxAttempts)
        {
            return null;
        }

        var delay = l1.Backoff.DelayBefore(failed.L1Attempts - 1, random);
        return failed.WindowLeft - delay >= policy.MinTimeLeft ? delay : null;
    }

    private static RetryDecision Within(DependencyPolicy policy, in FailedAttempt failed, Tier tier, TimeSpan delay) =>
        failed.TimeLeft - delay < policy.MinTimeLeft
            ? new RetryDecision(NextStep.NotEnoughTime, Tier.None, TimeSpan.Zero, "not_enough_time")
            : new RetryDecision(NextStep.Retry, tier, delay, "");
}
