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
    /// <summary>Inserts the saga, leased to this instance, together with the statements of its opening.</summary>
    Task InsertAsync(SagaContext saga, LocalStatements? local, CancellationToken cancellationToken);

    /// <summary>The present step is over; goes on with <see cref="SagaContext.Step"/>.</summary>
    Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken);

    /// <summary>An attempt failed; the next one is due in <paramref name="delay"/>. Gives the lease up when <paramref name="release"/> is set.</summary>
    Task<WriteResult> RecordFailureAsync(SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, CancellationToken cancellationToken);

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
}

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
internal sealed record SagaTransition(SagaStatus Status, int Step, string? FailureCode = null, string? FailureDetail = null);
