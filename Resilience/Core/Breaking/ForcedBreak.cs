namespace ResilientShop.Resilience;

/// <summary>A breaker that is forced open because its dependency is broken. Immutable.</summary>
/// <param name="Share">The share of calls that passes all the same: those by which the dependency proves that it has recovered.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">Who says that it is broken.</param>
internal sealed record ForcedBreak(double Share, string Reason, string By)
{
    /// <summary>Nobody knows when it ends; a look after so long costs little.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Decides for a call, once: one that has passed stays a trial, and its retries pass too for as long as any call does.</summary>
    /// <param name="isTrial">Whether the call is a trial of the dependency's recovery.</param>
    public bool Refuses(ref bool isTrial) => Share < 1 && (Share <= 0 || !(isTrial = isTrial || Random.Shared.NextDouble() < Share));
}

/// <summary>Where the breakers of a dependency find whether they are forced: new breakers come with new policies, and what is forced stays. Thread-safe.</summary>
internal sealed class ForcedBreakSwitch
{
    private volatile ForcedBreak? _current;

    public ForcedBreak? Current
    {
        get => _current;
        set => _current = value;
    }
}
