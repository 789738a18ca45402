using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// A step outside the saga's own database that only goes forwards; one that can be undone is an <see cref="ICompensableStep"/>. It is idempotent by saga id
/// unless it says that it is not (<see cref="IsRepeatable"/>): after a crash it is repeated. Implementations are thread-safe.
/// </summary>
public interface ISagaStep
{
    /// <summary>Name for the history, logs and traces, for example <c>charge</c>. Part of the saga's shape: change the version with it.</summary>
    string Name { get; }

    /// <summary>How often a transient failure is tried again before the saga turns round. After the pivot it paces the attempts and does not end them.</summary>
    RetryStrategy Retry { get; }

    /// <summary>
    /// How long one attempt may take, in either direction. After that its token is cancelled and it is not waited for: it counts as a transient failure with an
    /// effect in doubt. Default 30 s.
    /// </summary>
    TimeSpan Timeout => SagaDefinition.DefaultStepTimeout;

    /// <summary>
    /// Whether an attempt of which nobody knows what came of it may be made again. Where not, a saga in doubt turns round and compensates the step; after the pivot
    /// it waits for an operator. Default true.
    /// </summary>
    bool IsRepeatable => true;

    /// <summary>
    /// How long a saga whose transient failure outlasted the retries is held before it turns round, so that the cause can be healed meanwhile. Listeners
    /// (<see cref="IStuckSagaListener"/>) are told when it begins; <see cref="SagaOperations.RetryAsync(Guid, string, CancellationToken)"/> makes the saga go on. Not after the pivot, nor for a step that
    /// may not be repeated. Default 0: it turns round at once.
    /// </summary>
    TimeSpan Hold => TimeSpan.Zero;

    /// <summary>
    /// Does it. A pivot without a compensation that has answered that it failed or refused must answer so to every attempt of the same saga: one of an owner
    /// that was paused may arrive late, and nothing could undo it.
    /// </summary>
    Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken);
}

/// <summary>
/// A step outside the saga's own database that can be undone. Undoing is idempotent by saga id. It may be asked for something that never happened, and even before
/// the attempt that it undoes; that attempt must then have no effect. Implementations are thread-safe.
/// </summary>
public interface ICompensableStep : ISagaStep
{
    /// <summary>Undoes it. Retried until it succeeds, whatever it answers, or an operator says otherwise.</summary>
    Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken);
}

/// <summary>
/// A step in the saga's own database. Its statements share a transaction with the saga's change of state, so it happens exactly when
/// that happens and is never in doubt. Implementations are thread-safe.
/// </summary>
public interface ILocalSagaStep
{
    /// <summary>Name for the history, logs and traces, for example <c>confirm</c>. Part of the saga's shape: change the version with it.</summary>
    string Name { get; }

    /// <summary>Adds the statements that do it.</summary>
    void Execute(SagaContext saga, NpgsqlBatch batch);

    /// <summary>Adds the statements that undo it.</summary>
    void Compensate(SagaContext saga, NpgsqlBatch batch);

    /// <summary>Called after the transaction of either has committed, for what may be lost in a crash, for example waking an outbox. Must not throw.</summary>
    void Committed(SagaContext saga)
    {
    }
}
