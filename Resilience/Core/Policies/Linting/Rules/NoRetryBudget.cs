namespace ResilientShop.Resilience.Policies;

/// <summary>Retries that nothing limits: while the dependency is away, each request becomes as many as the policy allows.</summary>
internal sealed class NoRetryBudget : IPolicyRule
{
    /// <inheritdoc/>
    public string Name => "no-retry-budget";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document) =>
        from call in document.Calls
        where !call.IsOfRoute && call.Policy is { RetryBudget: null, MostAttempts: > 1 }
        select new RuleFinding(
            FindingSeverity.Warning,
            call.Whose,
            call.Place("retry_budget.enabled"),
            call.Place(call.Policy.L2.MaxAttempts > 1 ? "l2.max_attempts" : "l1.max_attempts"),
            $"up to {call.Policy.MostAttempts} requests each, and no budget for the retries among them.",
            new PolicyFix().Or(new PolicySetting(call.PathOf("retry_budget.enabled"), "true")).Or(call.OneAttempt(call.PathOf)).ToString());
}
