using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// Drives one saga from wherever it is towards its end. Between two writes nothing is remembered that the table does not know, so another
/// instance can go on from any point. Thread-safe.
/// </summary>
internal sealed partial class SagaEngine(ISagaStore store, SagaOptions options, TimeProvider time, ILogger<SagaEngine> logger)
{
    /// <summary>Code of a saga whose closing local step cannot be stored.</summary>
    public const string LocalStepCode = "LOCAL_STEP_FAILED";

    private readonly StepRunner _steps = new(logger);
    private readonly DurableWrites _writes = new(options, time);

    private enum Progress
    {
        GoOn,
        Ended,
        NotOurs,
    }

    /// <summary>Returns the saga's end, or null when it is no longer this instance's: released for later, or taken by another.</summary>
    public async Task<SagaResult?> RunAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        using var activity = DurableTelemetry.Source.StartActivity(
            $"saga {saga.Definition.Name}", ActivityKind.Internal, DurableTelemetry.ParentFrom(saga.TraceParent));
        activity?.SetTag("saga.id", saga.Id.ToString());
        activity?.SetTag("saga.taken_over", saga.TakenOver);
        while (true)
        {
            var progress = await NextAsync(saga, cancellationToken);
            if (progress == Progress.Ended)
            {
                activity?.SetTag("saga.status", saga.Status.ToName());
                SagaMetrics.Ended(saga);
                return new SagaResult(saga.Id, saga.Status, saga.FailureCode, saga.FailureDetail, saga.EndedAt);
            }

            if (progress == Progress.NotOurs)
            {
                return null;
            }
        }
    }

    private Task<Progress> NextAsync(SagaContext saga, CancellationToken cancellationToken) => saga.Status switch
    {
        SagaStatus.Running when saga.CancelCode is { } code =>
            TurnAsync(saga, saga.IsInDoubt ? DoubtfulStep(saga) : saga.Step, code, saga.CancelDetail, cancellationToken),
        SagaStatus.Running when saga.Step < saga.Definition.Steps.Count => ForwardAsync(saga, cancellationToken),
        SagaStatus.Running => CompleteAsync(saga, cancellationToken),
        _ when saga.Step > 0 => BackwardAsync(saga, cancellationToken),
        _ => EndCompensationAsync(saga, cancellationToken),
    };

    private async Task<Progress> ForwardAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        var step = saga.Definition.Steps[saga.Step];
        var outcome = await _steps.ExecuteAsync(saga, step, cancellationToken);
        switch (outcome.Kind)
        {
            case StepOutcome.Kinds.Done:
                return await StepDoneAsync(saga, saga.Step + 1, needsNoWrite: saga.Step + 1 == saga.Definition.Steps.Count, cancellationToken);

            case StepOutcome.Kinds.Transient when saga.Attempts < step.Retry.MaxRetries:
                return await RetryLaterAsync(saga, step.Name, outcome, DelayBeforeRetry(saga, step, outcome), cancellationToken);

            case StepOutcome.Kinds.Refused when !saga.IsInDoubt:
                return await TurnAsync(saga, saga.Step, outcome.Code, outcome.Detail, cancellationToken);

            default:
                return await TurnAsync(saga, saga.Step + 1, outcome.Code, outcome.Detail, cancellationToken);
        }
    }

    private TimeSpan DelayBeforeRetry(SagaContext saga, ISagaStep step, StepOutcome outcome)
    {
        var delay = step.Retry.DelayBefore(saga.Attempts, Random.Shared.NextDouble());
        var asked = outcome.RetryAfter is { } retryAfter && retryAfter < options.MaxRetryAfter ? retryAfter : options.MaxRetryAfter;
        return outcome.RetryAfter is not null && asked > delay ? asked : delay;
    }

    private async Task<Progress> BackwardAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        var step = saga.Definition.Steps[saga.Step - 1];
        var outcome = await _steps.CompensateAsync(saga, step, cancellationToken);
        if (outcome.Kind == StepOutcome.Kinds.Done)
        {
            saga.Status = SagaStatus.Compensating;
            return await StepDoneAsync(saga, saga.Step - 1, needsNoWrite: saga.Step == 1, cancellationToken);
        }

        return await CompensateLaterAsync(saga, step.Name, outcome, cancellationToken);
    }

    /// <summary>The last step in either direction needs no write of its own: it is idempotent, and the end of the saga follows at once.</summary>
    private async Task<Progress> StepDoneAsync(SagaContext saga, int step, bool needsNoWrite, CancellationToken cancellationToken)
    {
        (saga.Step, saga.Attempts, saga.TakenOver) = (step, 0, false);
        return needsNoWrite ? Progress.GoOn : Judge(saga, await _writes.ThroughAsync(cancel => store.AdvanceAsync(saga, cancel), cancellationToken));
    }

    private async Task<Progress> CompleteAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        try
        {
            return await TransitionAsync(
                saga, new SagaTransition(SagaStatus.Completed, saga.Step), batch => saga.Definition.Closing?.Execute(saga, batch), cancellationToken);
        }
        catch (PostgresException exception) when (!exception.IsPassing())
        {
            LogLocalStep(exception, saga.Definition.Name, saga.Id);
            return await TurnAsync(saga, saga.Definition.Steps.Count, LocalStepCode, exception.MessageText, cancellationToken);
        }
    }

    /// <summary>Turns the saga round; <paramref name="step"/> is the number of steps that have, or may have, happened.</summary>
    private async Task<Progress> TurnAsync(SagaContext saga, int step, string? code, string? detail, CancellationToken cancellationToken)
    {
        (saga.FailureCode, saga.FailureDetail) = (code, detail);
        if (step == 0)
        {
            return await EndCompensationAsync(saga, cancellationToken);
        }

        return await TransitionOrRetryAsync(
            saga,
            new SagaTransition(SagaStatus.Compensating, step, code, detail),
            batch => saga.Definition.Closing?.Compensate(saga, batch),
            cancellationToken);
    }

    private Task<Progress> EndCompensationAsync(SagaContext saga, CancellationToken cancellationToken) =>
        TransitionOrRetryAsync(
            saga,
            new SagaTransition(SagaStatus.Compensated, 0, saga.FailureCode, saga.FailureDetail),
            batch => saga.Definition.Opening?.Compensate(saga, batch),
            cancellationToken);

    private async Task<Progress> TransitionOrRetryAsync(
        SagaContext saga, SagaTransition transition, LocalStatements local, CancellationToken cancellationToken)
    {
        try
        {
            return await TransitionAsync(saga, transition, local, cancellationToken);
        }
        catch (PostgresException exception) when (!exception.IsPassing())
        {
            LogLocalStep(exception, saga.Definition.Name, saga.Id);
            return await CompensateLaterAsync(saga, "local", StepOutcome.Transient(LocalStepCode, exception.MessageText), cancellationToken);
        }
    }

    private async Task<Progress> TransitionAsync(
        SagaContext saga, SagaTransition transition, LocalStatements statements, CancellationToken cancellationToken)
    {
        var result = await _writes.ThroughAsync(cancel => store.TransitionAsync(saga, transition, statements, cancel), cancellationToken);
        if (result != WriteResult.Written)
        {
            return Judge(saga, result);
        }

        (saga.Status, saga.Step, saga.Attempts, saga.TakenOver) = (transition.Status, transition.Step, 0, false);
        var local = saga.Status == SagaStatus.Compensated ? saga.Definition.Opening : saga.Definition.Closing;
        local?.Committed(saga);
        return saga.IsFinished ? Progress.Ended : Progress.GoOn;
    }

    private Task<Progress> CompensateLaterAsync(SagaContext saga, string step, StepOutcome outcome, CancellationToken cancellationToken)
    {
        if (saga.Attempts + 1 == options.StuckAfter && saga.Status != SagaStatus.Running)
        {
            saga.Status = SagaStatus.Stuck;
            SagaMetrics.Stuck(saga);
            LogStuck(saga.Definition.Name, saga.Id, step, options.StuckAfter, outcome.Code, outcome.Detail);
        }

        var delay = Backoff.Proportional(
            Backoff.Exponential(options.CompensationBaseDelay, options.CompensationMaxDelay, saga.Attempts), Random.Shared.NextDouble());
        return RetryLaterAsync(saga, step, outcome, delay, cancellationToken);
    }

    private async Task<Progress> RetryLaterAsync(
        SagaContext saga, string step, StepOutcome outcome, TimeSpan delay, CancellationToken cancellationToken)
    {
        saga.Attempts++;
        SagaMetrics.Retried(saga, step, outcome.Code);
        LogRetry(saga.Definition.Name, saga.Id, step, saga.Attempts, delay.TotalMilliseconds, outcome.Code, outcome.Detail);

        var release = delay > options.MaxWaitInMemory;
        var result = await _writes.ThroughAsync(cancel => store.RecordFailureAsync(saga, delay, outcome, release, cancel), cancellationToken);
        if (result == WriteResult.Fenced || release)
        {
            return result == WriteResult.Fenced ? Judge(saga, result) : Progress.NotOurs;
        }

        if (result == WriteResult.Written)
        {
            await Task.Delay(delay, time, cancellationToken);
        }

        return Progress.GoOn;
    }

    private Progress Judge(SagaContext saga, WriteResult result)
    {
        if (result != WriteResult.Fenced)
        {
            return Progress.GoOn;
        }

        SagaMetrics.Fenced(saga);
        LogFenced(saga.Definition.Name, saga.Id, saga.Epoch);
        return Progress.NotOurs;
    }

    /// <summary>The step that may have happened counts as one that has; behind the last step there is none.</summary>
    private static int DoubtfulStep(SagaContext saga) => Math.Min(saga.Step + 1, saga.Definition.Steps.Count);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Saga {Saga} {Id}: {Step} failed (attempt {Attempt}), next in {DelayMs:0} ms: {Code} {Detail}")]
    private partial void LogRetry(string saga, Guid id, string step, int attempt, double delayMs, string? code, string? detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "Saga {Saga} {Id} is stuck: compensating {Step} failed {Attempts} times, last with {Code}: {Detail}. It is still tried.")]
    private partial void LogStuck(string saga, Guid id, string step, int attempts, string? code, string? detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "Saga {Saga} {Id}: a local step could not be stored")]
    private partial void LogLocalStep(Exception exception, string saga, Guid id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Saga {Saga} {Id} is driven by another instance; this one lost it at epoch {Epoch}")]
    private partial void LogFenced(string saga, Guid id, long epoch);
}
