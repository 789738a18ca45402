namespace ResilientShop.Resilience;

/// <summary>
/// What a request sees of the degradation: it takes one at its start and keeps it, however the service moves meanwhile. Immutable, but for the window in
/// which the requests of a recovery's step are counted, and the change that led to it.
/// </summary>
public sealed class DegradationPosition
{
    internal DegradationPosition(DegradationState state, DegradationPolicy policy, FleetDegradation? fleet, TimeProvider time, SignalWindow? recovered = null)
    {
        (State, Policy, Fleet) = (state, policy, fleet);
        var own = state.NormalShare(policy);
        (Level, NormalShare) = fleet is null || state.IsForced || (!policy.IsEnabled && !fleet.IsForced) ? (state.Level, own)
            : fleet.IsForced ? (fleet.Level, fleet.NormalShare)
            : (fleet.Level > state.Level ? fleet.Level : state.Level, Math.Min(fleet.NormalShare, own));
        SlowStamps = Stamps.From(policy.P99Limit, time);

        // As long as patience and the step, so that a trickle of requests adds up too.
        Recovered = !state.IsRecovering ? null : recovered ?? new SignalWindow(policy.Patience + policy.StepTime, time);
    }

    /// <summary>The level that holds: this process's own, or the fleet's where that is worse or forced.</summary>
    public DegradationLevel Level { get; }

    /// <summary>The share of requests that take the normal way, from 0 to 1.</summary>
    public double NormalShare { get; }

    /// <summary>Where this process stands by its own signals.</summary>
    public DegradationState State { get; }

    /// <summary>Where the fleet stands, by another instance or an operator; null when nobody says.</summary>
    public FleetDegradation? Fleet { get; }

    /// <summary>The policy in force.</summary>
    public DegradationPolicy Policy { get; }

    internal SignalWindow? Recovered { get; }

    internal long SlowStamps { get; }

    /// <summary>The change that led here, until it is told: then nothing leads back to the positions before.</summary>
    internal DegradationChange? Untold { get; set; }

    /// <summary>Decides for a request.</summary>
    /// <param name="draw">A random number from 0 to below 1, or one that stands for a user who should stay on one side.</param>
    public bool TakesNormalWay(double draw) => draw < NormalShare;
}
