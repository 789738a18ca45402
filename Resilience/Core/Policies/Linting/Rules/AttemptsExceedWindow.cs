namespace ResilientShop.Resilience.Policies;

/// <summary>
/// The attempts of L1, at their worst, against its window. L1 is there for what fails fast, and that leaves the rest of the window to the next attempt: it is no
/// mistake that not all attempts would fit if each timed out. It is one where no retry does, or where the waits alone are too long.
/// </summary>
internal sealed class AttemptsExceedWindow : IPolicyRule
{
    /// <inheritdoc/>
    public string Name => "attempts-exceed-window";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document) => document.Calls.Select(Judge).OfType<RuleFinding>();

    private static RuleFinding? Judge(LintedCall call)
    {
        if (call.Policy.L1 is not { } l1)
        {
            return null;
        }

        var wanted = Plan(call.Policy, AttemptPlan.Endless, l1.MaxAttempts);
        var needed = Needed(wanted, call.Policy);
        if (needed <= l1.Window)
        {
            return null;
        }

        var got = Plan(call.Policy, l1.Window, l1.MaxAttempts).Attempts.Count;
        var waits = wanted.Waits;
        var isTooLong = waits + call.Policy.MinTimeLeft > l1.Window;
        var (severity, second, what) = got == 1
            ? (FindingSeverity.Error, "l1.attempt_timeout_ms", "after a first attempt that times out, L1 can start no retry")
            : isTooLong
                ? (FindingSeverity.Warning, "l1.max_attempts", $"the waits alone take {Milliseconds.Text(waits)} ms, so that attempt {l1.MaxAttempts} can never start")
                : (FindingSeverity.Note, "l1.max_attempts", $"{got} of {l1.MaxAttempts} attempts start when each of them times out, all of them when they fail at once");
        var arithmetic = $"{what}: {wanted} need {Milliseconds.Text(needed)} ms, window_ms is {Milliseconds.Text(l1.Window)}.";
        return new RuleFinding(severity, call.Whose, call.Place("l1.window_ms"), call.Place(second), arithmetic, Fix(call, l1, needed));
    }

    private static string Fix(LintedCall call, L1Policy l1, TimeSpan needed)
    {
        var window = Milliseconds.Up(needed);
        var fix = new PolicyFix().OrIf(window <= Milliseconds.Longest, new PolicySetting(call.PathOf("l1.window_ms"), window));
        var fewer = l1.MaxAttempts - 1;
        while (fewer > 1 && Needed(Plan(call.Policy, AttemptPlan.Endless, fewer), call.Policy) > l1.Window)
        {
            fewer--;
        }

        return fix.Or(new PolicySetting(call.PathOf("l1.max_attempts"), fewer)).ToString();
    }

    private static AttemptPlan Plan(DependencyPolicy policy, TimeSpan window, int attempts) => AttemptPlan.Of(
        policy with { L1 = policy.L1! with { Window = window, MaxAttempts = attempts }, L2 = policy.L2 with { MaxAttempts = 1 } }, AttemptPlan.Endless);

    private static TimeSpan Needed(AttemptPlan plan, DependencyPolicy policy)
    {
        var last = plan.Attempts[^1];
        return plan.Attempts.Count == 1 || last.Time >= policy.MinTimeLeft ? last.End : last.Start + policy.MinTimeLeft;
    }
}
