using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Adds local statements to the transaction of a saga's change of state.</summary>
internal delegate void LocalStatements(NpgsqlBatch batch);

/// <summary>
/// What the engine writes while it drives a saga. Every write carries the epoch the writer owns; an older one changes nothing and is answered
/// with <see cref="WriteResult.Fenced"/>.
/// </summary>
internal interface ISagaProgress
{
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
internal sealed record SagaTransition(SagaStatus Status, int Step, string? FailureCode = null, string? FailureDetail = null)
{
    /// <summary>Whether a wish to cancel comes too late.</summary>
    public bool IsPastPivot { get; init; }
}
