using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Told when a step of a saga has failed so often that somebody should look: the saga is stuck, stalled or held (<see cref="SagaStatus"/>). Register any number of them as singletons. Thread-safe.</summary>
public interface IStuckSagaListener
{
    /// <summary>
    /// Adds statements that take effect exactly when the saga is marked, for example a dead letter to the outbox. It must not throw: what it adds and cannot be
    /// stored keeps the saga from being marked.
    /// </summary>
    /// <param name="saga">The saga.</param>
    /// <param name="stepName">Name of the step that keeps failing.</param>
    /// <param name="last">What the last attempt came to.</param>
    /// <param name="attempts">How many attempts have failed; of a held saga, how many retries.</param>
    /// <param name="batch">Where to add the statements.</param>
    void Stuck(SagaContext saga, string stepName, StepOutcome last, int attempts, NpgsqlBatch batch);

    /// <summary>Called after the transaction has committed, for what may be lost in a crash, for example waking an outbox. Must not throw.</summary>
    void Committed()
    {
    }
}
