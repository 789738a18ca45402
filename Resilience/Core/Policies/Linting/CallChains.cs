namespace ResilientShop.Resilience.Policies;

/// <summary>The worst chains of a topology. Immutable.</summary>
internal sealed class CallChains
{
    /// <summary>Which of two chains is worse depends on what stands before them; so many are kept of each service.</summary>
    private const int Kept = 8;

    private readonly Dictionary<string, IReadOnlyList<CallChain>> _of = new(StringComparer.Ordinal);
    private readonly LintedDocument _document;

    public CallChains(LintedDocument document)
    {
        _document = document;
        foreach (var service in document.Graph.CalleesFirst)
        {
            _of[service] = Worst(document.EdgesOf(service).SelectMany(StartingWith));
        }
    }

    /// <summary>The worst chains that start with a call, the one with the most requests first.</summary>
    public IEnumerable<CallChain> StartingWith(LintedCall call)
    {
        var rests = _document.Graph.ClosesCycle(call) ? [] : _of.GetValueOrDefault(call.Callee) ?? [];
        return rests.Count == 0 ? [new CallChain(call, rest: null)] : rests.Select(rest => new CallChain(call, rest));
    }

    private static List<CallChain> Worst(IEnumerable<CallChain> chains)
    {
        var kept = new List<CallChain>();
        foreach (var chain in chains.OrderByDescending(chain => chain.Requests).ThenByDescending(chain => chain.Product))
        {
            if (kept.Count < Kept && kept.TrueForAll(worse => worse.Product < chain.Product))
            {
                kept.Add(chain);
            }
        }

        return kept;
    }
}
