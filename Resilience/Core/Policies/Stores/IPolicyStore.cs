namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Where the policies of a system are kept: read by every instance, changed by operators, with a history and with the instances' acknowledgements.
/// Implementations are thread-safe and throw <see cref="PolicyStoreException"/> and nothing else for what can go wrong with a store.
/// </summary>
public interface IPolicyStore : IAsyncDisposable
{
    /// <summary>What and where it is, for people; without secrets.</summary>
    string Name { get; }

    /// <summary>What it holds now.</summary>
    Task<StoredPolicies> ReadAsync(CancellationToken cancellationToken);

    /// <summary>What it held at an earlier revision of <see cref="HistoryAsync"/>.</summary>
    Task<StoredPolicies> ReadAsync(long revision, CancellationToken cancellationToken);

    /// <summary>
    /// What it holds now and then every later state, until cancelled. States that follow each other quickly may be skipped; the last one never is.
    /// It resumes by itself after cuts, restarts and compaction, and never throws but for cancellation: what goes wrong is told to
    /// <paramref name="problem"/>, and null when all is well again.
    /// </summary>
    IAsyncEnumerable<StoredPolicies> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken);

    /// <summary>Makes a change, with its audit record, whole or not at all.</summary>
    /// <returns>The new revision.</returns>
    /// <exception cref="PolicyStoreException">With <see cref="PolicyStoreFailure.Conflict"/> when the store has changed since <see cref="PolicyChange.From"/>.</exception>
    Task<long> ChangeAsync(PolicyChange change, CancellationToken cancellationToken);

    /// <summary>The states it still has, latest first.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<IReadOnlyList<PolicyHistoryEntry>> HistoryAsync(int most, CancellationToken cancellationToken);

    /// <summary>
    /// Puts what an instance runs beside the policies, over what it said before. It is gone when the store is disposed of, and soon after the process has died.
    /// </summary>
    Task AcknowledgeAsync(Acknowledgement acknowledgement, CancellationToken cancellationToken);

    /// <summary>What the instances that live say, ordered by service and instance.</summary>
    Task<IReadOnlyList<Acknowledgement>> AcknowledgementsAsync(CancellationToken cancellationToken);
}
