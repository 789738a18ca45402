namespace ResilientShop.Resilience.Policies;

/// <summary>Calls that come back to where they began: no timeouts can be right for them, since each would have to be longer than itself.</summary>
internal sealed class CallCycle : IPolicyRule
{
    private const int Shown = 10;

    /// <inheritdoc/>
    public string Name => "call-cycle";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document)
    {
        foreach (var cycle in document.Graph.Cycles)
        {
            var names = cycle.Select(call => call.Caller!).ToList();
            var shown = names.Count > Shown ? [.. names[..Shown], "..."] : names;
            var closing = cycle[^1];
            yield return new RuleFinding(
                FindingSeverity.Error,
                string.Join(" -> ", [.. shown, names[0]]),
                Place(document, closing),
                Place(document, cycle[0]),
                $"{closing.Caller} calls {closing.Callee}, which waits for {(cycle.Count == 1 ? "itself" : closing.Caller)}.",
                $"remove {closing.Callee} from topology.{closing.Caller}.{Key(closing)}.");
        }
    }

    private static string Place(LintedDocument document, LintedCall call) => document.Place("topology", call.Caller!, Key(call));

    private static string Key(LintedCall call) => call.IsInRequest ? "calls" : "background";
}
