using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// Has failed attempts made again: records them, waits here while that is short and leaves the saga in the table while it is long, and asks a person when it goes on
/// for too long. Thread-safe.
/// </summary>
internal sealed partial class SagaRetries(
    ISagaProgress store, SagaOptions options, SagaOwner owner, IStuckSagaListener[] listeners, TimeProvider time, ILogger logger)
{
    private readonly DurableWrites _writes = new(options, time);

    /// <summary>For a step that gives up after so many retries.</summary>
    /// <returns>What became of the write, after the wait; null when the saga was left in the table.</returns>
    public Task<WriteResult?> OfStepAsync(SagaContext saga, ISagaStep step, StepOutcome outcome, CancellationToken cancellationToken) =>
        RecordAsync(saga, step.Name, outcome, DelayBeforeRetry(saga, step, outcome), local: null, cancellationToken);

    /// <summary>For what is tried until it works: after so many attempts a person is asked, and it is still tried.</summary>
    /// <returns>As of <see cref="OfStepAsync"/>.</returns>
    public async Task<WriteResult?> UntilItWorksAsync(SagaContext saga, string step, StepOutcome outcome, SagaStatus stuck, CancellationToken cancellationToken)
    {
        var isStuck = saga.Attempts + 1 >= options.StuckAfter && saga.Status != stuck && IsOnItsWay(saga, stuck);
        if (isStuck)
        {
            saga.Status = stuck;
            saga.Note(new SagaHistoryEntry(
                time.GetUtcNow(), SagaAction.Stuck, saga.GoesForwards ? step : SagaView.Undo(step), Code: outcome.Code, Detail: outcome.Detail, By: owner.Name));
        }

        var delay = Backoff.Proportional(
            Backoff.Exponential(options.CompensationBaseDelay, options.CompensationMaxDelay, saga.Attempts), Random.Shared.NextDouble());
        var result = await RecordAsync(saga, step, outcome, delay, isStuck ? batch => Tell(saga, step, outcome, saga.Attempts, batch) : null, cancellationToken);
        if (isStuck && result != WriteResult.Fenced)
        {
            SagaMetrics.Stuck(saga);
            LogStuck(saga.Definition.Name, saga.Id, step, saga.Attempts, outcome.Code, outcome.Detail);
            Array.ForEach(listeners, listener => listener.Committed());
        }

        return result;
    }

    /// <summary>For a step that failed as often as it may and whose cause may be healed before the saga turns round.</summary>
    /// <returns>As of <see cref="OfStepAsync"/>.</returns>
    public async Task<WriteResult?> HoldAsync(SagaContext saga, ISagaStep step, StepOutcome outcome, CancellationToken cancellationToken)
    {
        var retries = saga.Attempts;
        saga.Status = SagaStatus.Held;
        saga.Note(new SagaHistoryEntry(time.GetUtcNow(), SagaAction.Held, step.Name, Code: outcome.Code, Detail: outcome.Detail, By: owner.Name));
        var result = await RecordAsync(saga, step.Name, outcome, step.Hold, batch => Tell(saga, step.Name, outcome, retries, batch), cancellationToken);
        if (result != WriteResult.Fenced)
        {
            SagaMetrics.Held(saga);
            LogHeld(saga.Definition.Name, saga.Id, step.Name, step.Hold.TotalSeconds, outcome.Code, outcome.Detail);
            Array.ForEach(listeners, listener => listener.Committed());
        }

        return result;
    }

    /// <summary>A saga that cannot even store its turn is still running, and has nothing that it could be stuck in.</summary>
    private static bool IsOnItsWay(SagaContext saga, SagaStatus stuck) => stuck == SagaStatus.Stalled || !saga.GoesForwards;

    private void Tell(SagaContext saga, string step, StepOutcome outcome, int attempts, NpgsqlBatch batch) =>
        Array.ForEach(listeners, listener => listener.Stuck(saga, step, outcome, attempts, batch));

    /// <summary>For a step that is not done and did not fail.</summary>
    /// <returns>As of <see cref="OfStepAsync"/>.</returns>
    public Task<WriteResult?> WaitAsync(SagaContext saga, StepOutcome outcome, CancellationToken cancellationToken) =>
        WriteAsync(saga, outcome, outcome.RetryAfter ?? TimeSpan.Zero, local: null, cancellationToken);

    private Task<WriteResult?> RecordAsync(
        SagaContext saga, string step, StepOutcome outcome, TimeSpan delay, LocalStatements? local, CancellationToken cancellationToken)
    {
        saga.Attempts++;
        (saga.LastErrorCode, saga.LastError) = (outcome.Code, outcome.Detail);
        SagaMetrics.Retried(saga, step, outcome.Code);
        LogRetry(saga.Definition.Name, saga.Id, step, saga.Attempts, delay.TotalMilliseconds, outcome.Code, outcome.Detail);
        return WriteAsync(saga, outcome, delay, local, cancellationToken);
    }

    private async Task<WriteResult?> WriteAsync(SagaContext saga, StepOutcome outcome, TimeSpan delay, LocalStatements? local, CancellationToken cancellationToken)
    {
        var release = delay > options.MaxWaitInMemory;
        var result = await _writes.ThroughAsync(cancel => store.RecordFailureAsync(saga, delay, outcome, release, local, cancel), cancellationToken);
        if (release)
        {
            return result == WriteResult.Fenced ? result : null;
        }

        if (result == WriteResult.Written)
        {
            await Task.Delay(delay, time, cancellationToken);
        }

        return result;
    }

    private TimeSpan DelayBeforeRetry(SagaContext saga, ISagaStep step, StepOutcome outcome)
    {
        var delay = step.Retry.DelayBefore(saga.Attempts, Random.Shared.NextDouble());
        var asked = outcome.RetryAfter is { } retryAfter && retryAfter < options.MaxRetryAfter ? retryAfter : options.MaxRetryAfter;
        return outcome.RetryAfter is not null && asked > delay ? asked : delay;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Saga {Saga} {Id}: {Step} failed (attempt {Attempt}), next in {DelayMs:0} ms: {Code} {Detail}")]
    private partial void LogRetry(string saga, Guid id, string step, int attempt, double delayMs, string? code, string? detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Saga {Saga} {Id} is held: {Step} failed as often as it may, and is undone in {HoldSeconds:0} s unless its cause is healed: {Code} {Detail}")]
    private partial void LogHeld(string saga, Guid id, string step, double holdSeconds, string? code, string? detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "Saga {Saga} {Id} is stuck: {Step} failed {Attempts} times, last with {Code}: {Detail}. It is still tried.")]
    private partial void LogStuck(string saga, Guid id, string step, int attempts, string? code, string? detail);
}
