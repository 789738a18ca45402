using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience;

/// <summary>
/// Where the instances of all services tell each other how far each service is degraded. Of those that see trouble at the same time one leads; what it says lasts as
/// long as it lives and says so. What an operator says lasts until it is released, and nobody leads over it. Thread-safe.
/// </summary>
public interface IFleetStore : IAsyncDisposable
{
    /// <summary>What and where it is, without secrets.</summary>
    string Name { get; }

    /// <summary>How long what an instance says outlives it. Whoever has not heard of the store for as long knows only what operators said.</summary>
    TimeSpan Lease { get; }

    /// <summary>Where services stand, by name, and again after each change. A store that is away is waited for, and when it is back it says first where they stand now.</summary>
    /// <param name="problem">Told what goes wrong, and null when all is well again.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<IReadOnlyDictionary<string, FleetDegradation>> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken);

    /// <summary>Says where a service stands, unless somebody else does already. It is said again when the store has forgotten it.</summary>
    /// <returns>Whether it is this store that leads.</returns>
    /// <exception cref="PolicyStoreException">The store could not do it now; it is tried again.</exception>
    Task<bool> LeadAsync(string service, FleetDegradation said, CancellationToken cancellationToken);

    /// <summary>Takes back what was said by <see cref="LeadAsync"/>; nothing when somebody else leads.</summary>
    /// <exception cref="PolicyStoreException">The store could not do it now; try again. What was said is not said again meanwhile, and ends by itself.</exception>
    Task WithdrawAsync(string service, CancellationToken cancellationToken);

    /// <summary>Says where a service stands by an operator's word, whoever leads.</summary>
    /// <exception cref="PolicyStoreException">The store could not do it.</exception>
    Task ForceAsync(string service, FleetDegradation said, CancellationToken cancellationToken);

    /// <summary>Takes away whatever is said of a service: its instances' own signals decide again.</summary>
    /// <exception cref="PolicyStoreException">The store could not do it.</exception>
    Task ReleaseAsync(string service, CancellationToken cancellationToken);
}
