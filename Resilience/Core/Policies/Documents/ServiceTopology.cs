namespace ResilientShop.Resilience.Policies;

/// <summary>How a service stands in the chain of calls: what the linter compares policies with. Immutable.</summary>
/// <param name="Name">Name of the service.</param>
/// <param name="Calls">What it calls while somebody waits for its answer. Key <c>calls</c>.</param>
/// <param name="Background">What it calls while nobody waits, for example in the steps of a saga. Key <c>background</c>.</param>
/// <param name="Ready">How long it takes from a restart until it is ready. Key <c>ready_ms</c>; null when not known.</param>
public sealed record ServiceTopology(string Name, IReadOnlyList<string> Calls, IReadOnlyList<string> Background, TimeSpan? Ready)
{
    /// <summary>Everything that it calls.</summary>
    public IEnumerable<string> AllCalls => Calls.Union(Background);
}
