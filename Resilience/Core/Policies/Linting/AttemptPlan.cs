namespace ResilientShop.Resilience.Policies;

/// <summary>An attempt of an <see cref="AttemptPlan"/>.</summary>
/// <param name="Tier">Whose it is.</param>
/// <param name="Start">When it starts, from the start of the call.</param>
/// <param name="Time">How long it may take.</param>
internal readonly record struct PlannedAttempt(Tier Tier, TimeSpan Start, TimeSpan Time)
{
    public TimeSpan End => Start + Time;
}

/// <summary>
/// The attempts of a call at its worst: each of them runs into its timeout and each wait is the longest that it can be. It follows the rules that calls follow,
/// <see cref="RetryRules"/> and <see cref="CallProgress"/>, so that the linter does not promise what they do not do. Immutable.
/// </summary>
internal sealed class AttemptPlan
{
    /// <summary>More time than any call has.</summary>
    public static readonly TimeSpan Endless = TimeSpan.FromDays(365);

    private static readonly double LongestJitter = Math.BitDecrement(1.0);

    private readonly DependencyPolicy _policy;

    private AttemptPlan(DependencyPolicy policy, IReadOnlyList<PlannedAttempt> attempts) => (_policy, Attempts) = (policy, attempts);

    /// <summary>In their order; none where there is no time even for the first.</summary>
    public IReadOnlyList<PlannedAttempt> Attempts { get; }

    /// <summary>All waits between attempts.</summary>
    public TimeSpan Waits => TimeSpan.FromTicks(Attempts.Zip(Attempts.Skip(1), (before, after) => (after.Start - before.End).Ticks).Sum());

    /// <summary>The least total in which all of them have the time they have here.</summary>
    public TimeSpan Needed
    {
        get
        {
            var last = Attempts[^1];
            var toStart = last.Start + _policy.MinTimeLeft;
            var toEnd = last.End + _policy.Reserve;
            return toStart > toEnd ? toStart : toEnd;
        }
    }

    /// <summary>The attempts of a call that has <paramref name="total"/>.</summary>
    public static AttemptPlan Of(DependencyPolicy policy, TimeSpan total)
    {
        var attempts = new List<PlannedAttempt>();
        var (now, windowEnds, tier) = (TimeSpan.Zero, TimeSpan.Zero, Tier.None);
        var (l1Attempts, l2Attempts) = (0, 0);
        while (total - now >= policy.MinTimeLeft)
        {
            l1Attempts += tier == Tier.L2 ? 0 : 1;
            l2Attempts += tier == Tier.L1 ? 0 : 1;
            windowEnds = policy.L1 is { } l1 && tier != Tier.L1 ? now + l1.Window : windowEnds;
            var attempt = new PlannedAttempt(tier, now, TimeOf(policy, total - now, windowEnds - now));
            attempts.Add(attempt);
            now = attempt.End;
            var failed = new FailedAttempt(Verdict.AttemptTimeout)
            {
                Idempotency = Idempotency.Safe,
                CanRepeat = true,
                CallerRetries = false,
                L1Attempts = l1Attempts,
                L2Attempts = l2Attempts,
                WindowLeft = policy.L1 is null ? TimeSpan.Zero : windowEnds - now,
                TimeLeft = total - now,
            };
            var decision = RetryRules.Decide(policy, failed, LongestJitter);
            if (decision.Step != NextStep.Retry)
            {
                break;
            }

            now += decision.Delay;
            tier = decision.Tier;
        }

        return new AttemptPlan(policy, attempts);
    }

    /// <summary>The attempts and the waits between them, as a sum.</summary>
    public override string ToString()
    {
        var parts = new List<string>(Attempts.Count * 2);
        for (var index = 0; index < Attempts.Count; index++)
        {
            if (index > 0)
            {
                parts.Add($"{Milliseconds.Text(Attempts[index].Start - Attempts[index - 1].End)} wait");
            }

            parts.Add(Milliseconds.Text(Attempts[index].Time));
        }

        return string.Join(" + ", parts);
    }

    private static TimeSpan TimeOf(DependencyPolicy policy, TimeSpan timeLeft, TimeSpan windowLeft)
    {
        var left = timeLeft - policy.Reserve;
        if (policy.L1 is not null)
        {
            var window = windowLeft > policy.MinTimeLeft ? windowLeft : policy.MinTimeLeft;
            left = left < window ? left : window;
        }

        return left < policy.AttemptTimeout ? left : policy.AttemptTimeout;
    }
}
