namespace ResilientShop.Resilience.Policies;

/// <summary>Tries changes of a policy before the linter suggests them. Pure.</summary>
internal static class PolicyChanges
{
    /// <summary>Whether it would be taken.</summary>
    public static bool IsValid(this DependencyPolicy policy)
    {
        var errors = new PolicyErrors();
        policy.Validate(errors);
        return errors.Found.Count == 0;
    }

    /// <summary>With another time of one attempt; L1's window is never shorter than that.</summary>
    public static DependencyPolicy WithAttempt(this DependencyPolicy policy, TimeSpan time) => policy.L1 is { } l1
        ? policy with { L1 = l1 with { AttemptTimeout = time, Window = l1.Window > time ? l1.Window : time } }
        : policy with { L2 = policy.L2 with { AttemptTimeout = time } };

    /// <summary>With so many attempts of L2, and of L1 where it is on.</summary>
    public static DependencyPolicy WithAttempts(this DependencyPolicy policy, int l2, int l1) => policy with
    {
        L2 = policy.L2 with { MaxAttempts = l2 },
        L1 = policy.L1 is null ? null : policy.L1 with { MaxAttempts = l1 },
    };

    /// <summary>Whether all attempts get their full time at the worst.</summary>
    public static bool Fits(this DependencyPolicy policy, TimeSpan total)
    {
        var wanted = AttemptPlan.Of(policy, AttemptPlan.Endless);
        return wanted.Needed <= total;
    }

    /// <summary>The longest time of one attempt, in whole milliseconds, with which all attempts fit; null where there is none.</summary>
    public static TimeSpan? FittingAttempt(this DependencyPolicy policy, TimeSpan total)
    {
        var (low, high) = (0L, (long)Math.Min(policy.AttemptTimeout.TotalMilliseconds, total.TotalMilliseconds));
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = policy.WithAttempt(TimeSpan.FromMilliseconds(middle)).Fits(total) ? (middle, high) : (low, middle - 1);
        }

        return low > 0 ? TimeSpan.FromMilliseconds(low) : null;
    }
}
