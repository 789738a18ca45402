namespace ResilientShop.Resilience;

/// <summary>The states of a circuit breaker. The numbers are the values of the gauge <c>resilience.breaker.state</c>.</summary>
public enum BreakerState
{
    /// <summary>Calls pass.</summary>
    Closed = 0,

    /// <summary>The break is over and one probe decides; all other calls are refused.</summary>
    HalfOpen = 1,

    /// <summary>Calls are refused.</summary>
    Open = 2,

    /// <summary>Calls are refused until an operator resets it.</summary>
    Isolated = 3,

    /// <summary>The dependency is broken, by its own signals or those of its fleet: only the share of calls passes by which it recovers.</summary>
    Forced = 4,
}

/// <summary>A change of a breaker's state: what happened, why, and by whom.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Dependency">Name of the dependency.</param>
/// <param name="Channel">Release channel.</param>
/// <param name="From">State before.</param>
/// <param name="To">State after.</param>
/// <param name="Reason">Why, as a sentence.</param>
/// <param name="Actor">The operator who did it, or null for the breaker itself.</param>
public sealed record BreakerTransition(
    DateTimeOffset At, string Dependency, ReleaseChannel Channel, BreakerState From, BreakerState To, string Reason, string? Actor);
