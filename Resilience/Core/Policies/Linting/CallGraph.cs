namespace ResilientShop.Resilience.Policies;

/// <summary>The services in an order in which callees come before their callers, and the calls that allow no such order. Immutable.</summary>
internal sealed class CallGraph
{
    private const int MostCycles = 100;

    private readonly HashSet<LintedCall> _closing = [];

    /// <remarks>Without recursion: a chain can be as long as a document.</remarks>
    public CallGraph(LintedDocument document)
    {
        var order = new List<string>();
        var cycles = new List<IReadOnlyList<LintedCall>>();
        var started = new HashSet<string>(StringComparer.Ordinal);
        var onPath = new Dictionary<string, int>(StringComparer.Ordinal);
        var path = new List<(string Service, IEnumerator<LintedCall> Edges)>();
        foreach (var service in document.Services)
        {
            Enter(service.Name);
            while (path.Count > 0)
            {
                var (name, edges) = path[^1];
                if (!edges.MoveNext())
                {
                    order.Add(name);
                    onPath.Remove(name);
                    path.RemoveAt(path.Count - 1);
                }
                else if (onPath.TryGetValue(edges.Current.Callee, out var from))
                {
                    _closing.Add(edges.Current);
                    if (cycles.Count < MostCycles)
                    {
                        cycles.Add([.. path[from..].Select(step => step.Edges.Current)]);
                    }
                }
                else
                {
                    Enter(edges.Current.Callee);
                }
            }
        }

        (CalleesFirst, Cycles) = (order, cycles);

        void Enter(string service)
        {
            if (started.Add(service))
            {
                onPath.Add(service, path.Count);
                path.Add((service, document.EdgesOf(service).GetEnumerator()));
            }
        }
    }

    public IReadOnlyList<string> CalleesFirst { get; }

    /// <summary>Calls that end where they began, each by the calls that make it.</summary>
    public IReadOnlyList<IReadOnlyList<LintedCall>> Cycles { get; }

    /// <summary>Whether a call goes back to somebody who is waiting for it.</summary>
    public bool ClosesCycle(LintedCall call) => _closing.Contains(call);
}
