using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// A step outside the saga's own database. Both directions are idempotent by saga id: after a crash they are repeated. A compensation may arrive for
/// something that never happened, and even before the attempt it undoes; that attempt must then have no effect.
/// Implementations are thread-safe.
/// </summary>
public interface ISagaStep
{
    /// <summary>Name for logs and traces, for example <c>charge</c>.</summary>
    string Name { get; }

    /// <summary>How often a transient failure is tried again before the saga turns round.</summary>
    RetryStrategy Retry { get; }

    /// <summary>Does it.</summary>
    Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken);

    /// <summary>Undoes it. Retried until it succeeds, whatever it answers.</summary>
    Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken);
}

/// <summary>
/// A step in the saga's own database. Its statements share a transaction with the saga's change of state, so it happens exactly when
/// that happens and is never in doubt. Implementations are thread-safe.
/// </summary>
public interface ILocalSagaStep
{
    /// <summary>Name for logs and traces, for example <c>confirm</c>.</summary>
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
