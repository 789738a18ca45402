using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Releasing;

/// <summary>
/// What has to be told the share of a canary. Calls follow the store by themselves; the groups of a Kafka consumer have their share in their own database. Thread-safe.
/// </summary>
internal interface IReleaseFollower
{
    /// <summary>Gives the canary its share.</summary>
    /// <returns>False when this release was rolled back: it stays so.</returns>
    /// <exception cref="PolicyStoreException">It cannot be done now; nothing has changed.</exception>
    Task<bool> SetShareAsync(double share, string releaseId, string reason, CancellationToken cancellationToken);

    /// <summary>Takes everything from the canary, for good.</summary>
    /// <exception cref="PolicyStoreException">It cannot be done now; nothing has changed.</exception>
    Task RollBackAsync(string reason, CancellationToken cancellationToken);
}
