namespace ResilientShop.Resilience.Policies;

/// <summary>How long a caller's breaker stays open against how long the callee takes from a restart until it is ready: probing earlier finds it still away.</summary>
internal sealed class BreakerShorterThanReadiness : IPolicyRule
{
    /// <inheritdoc/>
    public string Name => "breaker-shorter-than-readiness";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document)
    {
        foreach (var edge in document.Edges)
        {
            if (edge.Policy.Breaker is { } breaker && document.Document.Topology.GetValueOrDefault(edge.Callee)?.Ready is { } ready && breaker.Recovery < ready)
            {
                var isError = breaker.Break < ready;
                var key = isError ? "breaker.break_ms" : "breaker.recovery_ms";
                var arithmetic = isError
                    ? $"the breaker probes after {Milliseconds.Text(breaker.Break)} ms, but {edge.Callee} is ready only {Milliseconds.Text(ready)} ms after a restart."
                    : $"recovery_ms says {edge.Callee} is back after {Milliseconds.Text(breaker.Recovery)} ms, ready_ms says after {Milliseconds.Text(ready)} ms.";
                var fix = new PolicyFix().Or(
                    [.. isError ? [new PolicySetting(edge.OwnPathOf("breaker.break_ms"), ready)] : (PolicySetting[])[], new PolicySetting(edge.OwnPathOf("breaker.recovery_ms"), ready)]);
                yield return new RuleFinding(
                    isError ? FindingSeverity.Error : FindingSeverity.Warning,
                    edge.Whose,
                    edge.Place(key),
                    document.Place("topology", edge.Callee, "ready_ms"),
                    arithmetic,
                    fix.ToString());
            }
        }
    }
}
