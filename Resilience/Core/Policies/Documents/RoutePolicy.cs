namespace ResilientShop.Resilience.Policies;

/// <summary>What the clients of a route are promised, and what the service that is called for it does within that time. Immutable.</summary>
/// <param name="Name">Name of the route at the gateway.</param>
/// <param name="To">The service that the gateway calls for it. Key <c>to</c>.</param>
/// <param name="Sla">The time of a whole request. Key <c>sla_ms</c>.</param>
/// <param name="WaitsFor">
/// What must have answered before the request can be: the names of a chain of dependencies, each called by the one before it, the first by <paramref name="To"/>.
/// Empty where the answer waits for nothing else. Key <c>waits_for</c>; read by the linter.
/// </param>
public sealed record RoutePolicy(string Name, string To, TimeSpan Sla, IReadOnlyList<string> WaitsFor)
{
    /// <summary>The longest time that a route can promise.</summary>
    public static readonly TimeSpan LongestSla = TimeSpan.FromHours(1);
}
