namespace ResilientShop.Resilience.Policies;

/// <summary>
/// What the parts that can be switched off start from where a text switches them on: all that has been said of them so far, on or off, so that
/// <c>enabled</c> is a key like any other and what a more general part says of the others is not lost. Immutable.
/// </summary>
internal sealed record PolicyStarts(L1Policy L1, BreakerPolicy Breaker, RetryBudgetPolicy RetryBudget)
{
    /// <summary>The library's defaults.</summary>
    public static readonly PolicyStarts Library = new(new L1Policy(), new BreakerPolicy(), new RetryBudgetPolicy());

    /// <summary>Checks the parts that a policy has off: whoever switches one on must not be the first to learn that its numbers are wrong.</summary>
    public void ValidateWhatIsOff(DependencyPolicy policy, PolicyErrors errors)
    {
        if (policy.L1 is null)
        {
            L1.Validate(errors);
        }

        if (policy.Breaker is null)
        {
            Breaker.Validate(errors);
        }

        if (policy.RetryBudget is null)
        {
            RetryBudget.Validate(errors);
        }
    }
}
