namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Attempts and waits, at their worst, against the time of the whole call. Where L1 is on the dependency fails fast by nature, so that it is no mistake when not all
/// attempts would fit if each timed out, as long as the waits do.
/// </summary>
internal sealed class AttemptsExceedTotal : IPolicyRule
{
    /// <inheritdoc/>
    public string Name => "attempts-exceed-total";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document) => document.Calls.Select(Judge).OfType<RuleFinding>();

    private static RuleFinding? Judge(LintedCall call)
    {
        var policy = call.Policy;
        var wanted = AttemptPlan.Of(policy, AttemptPlan.Endless);
        if (wanted.Needed <= policy.Total)
        {
            return null;
        }

        var got = AttemptPlan.Of(policy, policy.Total);
        var (severity, second, what) = (wanted.Attempts.Count, got.Attempts.Count) switch
        {
            ( > 1, 1) => (FindingSeverity.Error, call.AttemptKey, "after a first attempt that times out, no retry can start"),
            var (all, some) when some < all && policy.L1 is not null && wanted.Waits + policy.MinTimeLeft <= policy.Total =>
                (FindingSeverity.Note, "l2.max_attempts", $"only {some} of {all} attempts can start when each of them times out, all of them when they fail at once"),
            var (all, some) when some < all => (FindingSeverity.Warning, "l2.max_attempts", $"only {some} of {all} attempts can start"),
            var (all, _) => (
                FindingSeverity.Note,
                call.AttemptKey,
                $"attempt {all} of {all} gets {Milliseconds.Text(got.Attempts[^1].Time)} of its {Milliseconds.Text(wanted.Attempts[^1].Time)} ms"),
        };
        var arithmetic = $"{what}: {wanted} + {Milliseconds.Text(policy.Reserve)} reserve need {Milliseconds.Text(wanted.Needed)} ms, total_ms is {Milliseconds.Text(policy.Total)}.";
        return new RuleFinding(severity, call.Whose, call.Place("total_ms"), call.Place(second), arithmetic, Fix(call, wanted.Needed));
    }

    private static string Fix(LintedCall call, TimeSpan needed)
    {
        var policy = call.Policy;
        var total = Milliseconds.Up(needed);
        var fix = new PolicyFix().OrIf(total <= Milliseconds.Longest, new PolicySetting(call.PathOf("total_ms"), total));
        var fewer = policy.L2.MaxAttempts - 1;
        while (fewer > 0 && !policy.WithAttempts(fewer, policy.L1?.MaxAttempts ?? 1).Fits(policy.Total))
        {
            fewer--;
        }

        fix.OrIf(fewer > 0, new PolicySetting(call.PathOf("l2.max_attempts"), fewer));
        if (policy.FittingAttempt(policy.Total) is { } attempt)
        {
            fix.Or(call.Attempt(attempt, call.PathOf));
        }

        return (fix.IsKnown ? fix : fix.Or(
            [.. call.OneAttempt(call.PathOf), .. call.Attempt(Milliseconds.Down(policy.Total - policy.Reserve), call.PathOf)])).ToString();
    }
}
