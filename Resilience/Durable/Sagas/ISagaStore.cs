namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Who drives which saga: beside its progress, how it begins, changes hands, is cancelled, and is waited for.</summary>
internal interface ISagaStore : ISagaProgress
{
    /// <summary>Inserts the saga together with the statements of its opening, leased to this instance or to nobody.</summary>
    Task InsertAsync(SagaContext saga, bool isLeased, LocalStatements? local, CancellationToken cancellationToken);

    /// <summary>Takes over sagas that are due and that nobody drives.</summary>
    Task<IReadOnlyList<SagaContext>> ClaimAsync(int limit, CancellationToken cancellationToken);

    /// <summary>How long until the next unfinished saga may be taken over, its lease or its wait over; not positive when one may be now, null when there is none.</summary>
    Task<TimeSpan?> UntilNextDueAsync(CancellationToken cancellationToken);

    /// <summary>Extends the leases of sagas this instance drives.</summary>
    /// <returns>Those it still owns.</returns>
    Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyCollection<SagaContext> sagas, CancellationToken cancellationToken);

    /// <summary>Gives up every lease of this instance.</summary>
    Task ReleaseAllAsync(CancellationToken cancellationToken);

    /// <summary>Those of <paramref name="ids"/> that have ended.</summary>
    Task<IReadOnlyList<SagaResult>> FindFinishedAsync(Guid[] ids, CancellationToken cancellationToken);

    /// <summary>Asks a running saga to turn round, or reopens a completed one and leases it to this instance.</summary>
    /// <returns>What happened, and the saga when it was reopened.</returns>
    Task<(SagaCancellation Outcome, SagaContext? Reopened)> CancelAsync(
        Guid id, string code, string detail, CancellationToken cancellationToken);

    /// <summary>Calls <paramref name="released"/> whenever somewhere sagas have become free, until it is cancelled or the connection breaks.</summary>
    Task ListenAsync(Action released, CancellationToken cancellationToken);
}
