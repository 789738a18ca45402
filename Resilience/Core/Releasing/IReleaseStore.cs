using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience;

/// <summary>Where all processes find how far the releases of services have come. Thread-safe.</summary>
public interface IReleaseStore : IAsyncDisposable
{
    /// <summary>What and where it is, without secrets.</summary>
    string Name { get; }

    /// <summary>How long an analysis outlives a gate that does not say any more that it is under way. Then everybody is served by the stable release again.</summary>
    TimeSpan Lease { get; }

    /// <summary>The releases, by service, and again after each change. A store that is away is waited for.</summary>
    /// <param name="problem">Told what goes wrong, and null when all is well again.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<IReadOnlyDictionary<string, FleetRelease>> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken);

    /// <summary>Says that a release is analysed, for as long as this process lives and does not <see cref="SettleAsync"/> it. Said again, it is said with the new share.</summary>
    /// <returns>False when somebody else analyses or has settled it: then nothing has changed.</returns>
    /// <exception cref="PolicyStoreException">The store could not do it now; it is tried again.</exception>
    Task<bool> AnalyseAsync(string service, FleetRelease release, CancellationToken cancellationToken);

    /// <summary>Says how a release has ended, whoever analysed it. It holds until another begins.</summary>
    /// <exception cref="PolicyStoreException">The store could not do it.</exception>
    Task SettleAsync(string service, FleetRelease release, CancellationToken cancellationToken);

    /// <summary>Forgets what is said of a service: its stable release serves who does not ask for another.</summary>
    /// <exception cref="PolicyStoreException">The store could not do it.</exception>
    Task ForgetAsync(string service, CancellationToken cancellationToken);
}
