namespace ResilientShop.Resilience;

/// <summary>Where a service stands. Immutable; times are those of a monotonic clock.</summary>
/// <param name="Level">The level.</param>
/// <param name="Step">Step of recovery, from 0; -1 while none is under way.</param>
/// <param name="Since">When the level or step was taken.</param>
/// <param name="Cooldown">
/// While degraded or broken: how long nothing is tried from <paramref name="Since"/> on. Otherwise what the last recovery took, for the next one to start from.
/// </param>
/// <param name="WorkedAt">When the last recovery was done, or null when there was none.</param>
/// <param name="IsForced">Whether an operator holds the level: no signal changes it.</param>
public sealed record DegradationState(DegradationLevel Level, int Step, TimeSpan Since, TimeSpan Cooldown, TimeSpan? WorkedAt = null, bool IsForced = false)
{
    /// <summary>Well, and always was.</summary>
    public static DegradationState Initial { get; } = new(DegradationLevel.Normal, -1, TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>Whether part of the traffic takes the normal way again.</summary>
    public bool IsRecovering => Step >= 0;

    /// <summary>The share of traffic that takes the normal way, from 0 to 1.</summary>
    public double NormalShare(DegradationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return Level < DegradationLevel.Degraded ? 1 : IsRecovering ? policy.RecoverySteps[Math.Min(Step, policy.RecoverySteps.Count - 1)] : 0;
    }
}

/// <summary>A change of state, and why: the record of it.</summary>
/// <param name="From">State before.</param>
/// <param name="To">State after.</param>
/// <param name="Crossed">The signals that crossed their limits.</param>
/// <param name="Reading">What it was decided on.</param>
/// <param name="Reason">Why, as a sentence with values and limits.</param>
public sealed record DegradationDecision(DegradationState From, DegradationState To, Signals Crossed, SignalReading Reading, string Reason);
