namespace ResilientShop.Resilience.Policies;

/// <summary>
/// A caller's attempt against what the callee itself calls meanwhile: a caller that gives up sooner repeats work that is still going on. What the callee does in
/// the background counts only for callers that are in the background themselves, such as the step of a saga, whose request is all there is to wait for.
/// </summary>
internal sealed class CallerGivesUpFirst : IPolicyRule
{
    /// <inheritdoc/>
    public string Name => "caller-gives-up-first";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document) => Pairs(document).Select(pair => Judge(pair.Outer, pair.Inner)).OfType<RuleFinding>();

    private static IEnumerable<(LintedCall Outer, LintedCall Inner)> Pairs(LintedDocument document)
    {
        // Of calls that come back to where they began something worse is said.
        foreach (var outer in document.Edges.Where(edge => !document.Graph.ClosesCycle(edge)))
        {
            foreach (var inner in document.EdgesOf(outer.Callee).Where(inner => (inner.IsInRequest || outer.IsInBackground) && !document.Graph.ClosesCycle(inner)))
            {
                yield return (outer, inner);
            }
        }

        foreach (var route in document.Routes.Where(route => route.WaitsFor.Count > 0 && route.WaitsFor[0] != route.To && route.To != document.Gateway))
        {
            var outer = document.CallOf(route);
            if (outer.IsOfRoute || !document.Edges.Contains(outer))
            {
                yield return (outer, document.CallOf(route.To, route.WaitsFor[0]));
            }
        }
    }

    private static RuleFinding? Judge(LintedCall outer, LintedCall inner)
    {
        var (has, needs) = (outer.AttemptAtMost, inner.Policy.Total + inner.Policy.Reserve);
        if (has >= needs)
        {
            return null;
        }

        var isError = has < inner.AttemptAtMost;
        var reserve = Milliseconds.Text(inner.Policy.Reserve);
        var what = isError
            ? $"even one attempt of {inner.Whose} takes up to {Milliseconds.Text(inner.AttemptAtMost)} ms"
            : $"{inner.Whose} takes up to {Milliseconds.Text(inner.Policy.Total)} + {reserve} reserve = {Milliseconds.Text(needs)} ms";
        return new RuleFinding(
            isError ? FindingSeverity.Error : FindingSeverity.Warning,
            $"{outer.Whose} -> {inner.Callee}",
            outer.Place(outer.AttemptAtMost < outer.Policy.AttemptTimeout ? "total_ms" : outer.AttemptKey),
            inner.Place(isError ? inner.AttemptKey : "total_ms"),
            $"{what}, but an attempt of {outer.Whose} ends after {Milliseconds.Text(has)} ms{(outer.Policy.MostAttempts > 1 ? " and is made again" : "")}.",
            Fix(outer, inner, has, needs));
    }

    private static string Fix(LintedCall outer, LintedCall inner, TimeSpan has, TimeSpan needs)
    {
        var fix = new PolicyFix();
        if (inner.Lower(has - inner.Policy.Reserve) is { } lowered)
        {
            fix.Or(lowered);
        }

        var most = Milliseconds.Longest - outer.Policy.Reserve;
        var attempt = Milliseconds.Up(needs) < most ? Milliseconds.Up(needs) : Milliseconds.Down(most);
        var total = attempt < needs ? inner.Lower(attempt - inner.Policy.Reserve) ?? [] : [];
        return fix.Or([.. outer.AttemptAtLeast(attempt), .. total]).ToString();
    }
}
