using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Adds local statements to the transaction of a saga's change of state.</summary>
internal delegate void LocalStatements(NpgsqlBatch batch);

/// <summary>
/// What the engine writes and reads. Every write carries the epoch the writer owns; an older one changes nothing and is answered
/// with <see cref="WriteResult.Fenced"/>.
/// </summary>
internal interface ISagaStore
{
    /// <summary>Inserts the saga together with the statements of its opening, leased to this instance or to nobody.</summary>
    Task InsertAsync(SagaContext saga, bool isLeased, LocalStatements? local, CancellationToken cancellationToken);

    /// <summary>The present step is over; goes on with <see cref="SagaContext.Step"/>.</summary>
    Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken);

    /// <summary>
    /// An attempt failed; the next one is due in <paramref name="delay"/>. Gives the lease up when <paramref name="release"/> is set. The local statements share
    /// the transaction.
    /// </summary>
    Task<WriteResult> RecordFailureAsync(
        SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, LocalStatements? local, CancellationToken cancellationToken);

    /// <summary>Changes the state in one transaction with the local statements.</summary>
    Task<WriteResult> TransitionAsync(SagaContext saga, SagaTransition transition, LocalStatements? local, CancellationToken cancellationToken);

    /// <summary>Takes over sagas that are due and that nobody drives.</summary>
    Task<IReadOnlyList<SagaContext>> ClaimAsync(int limit, CancellationToken cancellationToken);

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

    /// <summary>Stores what an operator decided about the saga as it is now, releases it and wakes those who look for work.</summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="decide">Gives the change, or null when the wish does not fit, with a sentence. Called inside the transaction.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    Task<SagaIntervention> InterveneAsync(
        Guid id, Func<SagaContext, (SagaTransition? Transition, SagaHistoryEntry? Entry, string Detail)> decide, CancellationToken cancellationToken);

    /// <summary>Remembers what the definitions consist of.</summary>
    /// <exception cref="SagaDefinitionException">One has another shape than the sagas of its version that are under way.</exception>
    Task RegisterAsync(IEnumerable<SagaDefinition> definitions, CancellationToken cancellationToken);

    /// <summary>The saga as people look at it, or null.</summary>
    Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Unfinished sagas, oldest first.</summary>
    Task<IReadOnlyList<SagaView>> ListAsync(SagaFilter filter, TimeSpan overdueAfter, int most, CancellationToken cancellationToken);

    /// <summary>How many are unfinished, overdue and stuck, by definition.</summary>
    Task<IReadOnlyList<SagaCounts>> MeasureAsync(TimeSpan overdueAfter, CancellationToken cancellationToken);

    /// <summary>Calls <paramref name="released"/> whenever somewhere sagas have become free, until it is cancelled or the connection breaks.</summary>
    Task ListenAsync(Action released, CancellationToken cancellationToken);
}

/// <summary>How many sagas of a definition have not ended.</summary>
internal sealed record SagaCounts(string Definition, long Unfinished, long Overdue, long Stuck);

/// <summary>What became of a write.</summary>
internal enum WriteResult
{
    /// <summary>It is stored.</summary>
    Written,

    /// <summary>It is stored, and the saga is to be cancelled.</summary>
    CancelRequested,

    /// <summary>Nothing is stored: another instance owns the saga, or it has ended.</summary>
    Fenced,
}

/// <summary>A change of a saga's state.</summary>
internal sealed record SagaTransition(SagaStatus Status, int Step, string? FailureCode = null, string? FailureDetail = null)
{
    /// <summary>Whether a wish to cancel comes too late.</summary>
    public bool IsPastPivot { get; init; }
}
