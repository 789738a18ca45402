using System.Text;
using Npgsql;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Resilience.Durable;

/// <summary>
/// A dead letter for each saga of which a step keeps failing, in the transaction that marks the saga. The saga stays where it is and is still tried; the letter is for
/// whoever repairs what is in its way. Thread-safe.
/// </summary>
internal sealed class StuckSagaLetters(Outbox outbox, string serviceName, TimeProvider time) : IStuckSagaListener
{
    public void Stuck(SagaContext saga, string stepName, StepOutcome last, int attempts, NpgsqlBatch batch)
    {
        var letter = new DeadLetter
        {
            ServiceName = serviceName,
            Operation = $"saga {saga.Definition.Name}: {(saga.GoesForwards ? stepName : SagaView.Undo(stepName))}",
            ErrorCode = last.Code ?? DeadLetterCodes.StepFailed,
            ErrorDetail = last.Detail ?? $"{stepName} failed {attempts} times.",
            RetryCount = attempts,
            Key = saga.Id.ToString(),
            Source = DeadLetterSource.Saga(saga.Id, stepName),
            Traceparent = saga.TraceParent,
            Time = time.GetUtcNow(),
        };
        DeadLetters.Append(batch, letter.WithPayload(Encoding.UTF8.GetBytes(saga.Json)));
    }

    public void Committed() => outbox.Committed();
}
