using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// Drives one saga from wherever it is towards its end. Between two writes nothing is remembered that the table does not know, so another
/// instance can go on from any point. Thread-safe.
/// </summary>
internal sealed partial class SagaEngine(
    ISagaProgress store, SagaOptions options, SagaOwner owner, IEnumerable<IStuckSagaListener> listeners, TimeProvider time, ILogger<SagaEngine> logger)
{
    /// <summary>Code of a saga whose closing local step cannot be stored.</summary>
    public const string LocalStepCode = "LOCAL_STEP_FAILED";

    /// <summary>Code of a saga that turned round because a step in doubt may not be repeated.</summary>
    public const string InDoubtCode = "STEP_IN_DOUBT";

    private readonly StepRunner _steps = new(time, owner, logger);
    private readonly DurableWrites _writes = new(options, time);
    private readonly SagaRetries _retries = new(store, options, owner, [.. listeners], time, logger);

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
        using var release = CallContext.Use(CallContext.Current with { Channel = saga.Channel });
        if (saga.TakenOver)
        {
            Note(saga, SagaAction.TakenOver);
        }

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

    private Task<Progress> NextAsync(SagaContext saga, CancellationToken cancellationToken) => saga switch
    {
        { GoesForwards: true, CancelCode: { } code } when MayTurn(saga) =>
            TurnAsync(saga, saga.IsInDoubt ? DoubtfulStep(saga) : saga.Step, code, saga.CancelDetail, cancellationToken),
        { Status: SagaStatus.Held } => TurnAsync(saga, saga.Step + 1, saga.LastErrorCode, saga.LastError, cancellationToken),
        { GoesForwards: true } when saga.Step < saga.Definition.Steps.Count => ForwardAsync(saga, cancellationToken),
        { GoesForwards: true } => CompleteAsync(saga, cancellationToken),
        { Step: > 0 } => BackwardAsync(saga, cancellationToken),
        _ => EndCompensationAsync(saga, cancellationToken),
    };

    /// <summary>Not past the pivot, and not while nobody knows what came of a pivot that cannot be undone.</summary>
    private static bool MayTurn(SagaContext saga) => !saga.IsPastPivot && !(saga.IsInDoubt && IsFinalPivot(saga));

    private static bool IsFinalPivot(SagaContext saga) =>
        saga.Step == saga.Definition.PivotIndex && saga.Definition.Steps[saga.Step] is not ICompensableStep;

    private async Task<Progress> ForwardAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        var step = saga.Definition.Steps[saga.Step];
        var outcome = saga.IsInDoubt && !step.IsRepeatable
            ? StepOutcome.Failed(InDoubtCode, $"Nobody knows what came of an attempt at {step.Name}, and it may not be repeated.")
            : await _steps.ExecuteAsync(saga, step, cancellationToken);
        switch (outcome.Kind)
        {
            case StepOutcome.Kinds.Done:
                return await StepDoneAsync(saga, saga.Step + 1, needsNoWrite: saga.Step + 1 == saga.Definition.Steps.Count, cancellationToken);

            case StepOutcome.Kinds.Waiting:
                return Judge(saga, await _retries.WaitAsync(saga, outcome, cancellationToken));

            case not StepOutcome.Kinds.Done when saga.IsPastPivot:
                return await TryLaterAsync(saga, step.Name, outcome, SagaStatus.Stalled, cancellationToken);

            case StepOutcome.Kinds.Transient when IsFinalPivot(saga) && (!step.IsRepeatable || saga.Attempts >= step.Retry.MaxRetries):
                return await TryLaterAsync(saga, step.Name, outcome, SagaStatus.Stalled, cancellationToken);

            case StepOutcome.Kinds.Transient when step.IsRepeatable && saga.Attempts < step.Retry.MaxRetries:
                return await RetryLaterAsync(saga, step, outcome, cancellationToken);

            case StepOutcome.Kinds.Transient when step.IsRepeatable && step.Hold > TimeSpan.Zero:
                return Judge(saga, await _retries.HoldAsync(saga, step, outcome, cancellationToken));

            case StepOutcome.Kinds.Failed or StepOutcome.Kinds.Refused when IsFinalPivot(saga):
            case StepOutcome.Kinds.Refused when !saga.IsInDoubt:
                return await TurnAsync(saga, saga.Step, outcome.Code, outcome.Detail, cancellationToken);

            default:
                return await TurnAsync(saga, saga.Step + 1, outcome.Code, outcome.Detail, cancellationToken);
        }
    }

    private async Task<Progress> BackwardAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        if (saga.Definition.Steps[saga.Step - 1] is not ICompensableStep step)
        {
            // Only an operator turns a saga round past its pivot; what cannot be undone stays as it is.
            return await StepUndoneAsync(saga, cancellationToken);
        }

        var outcome = await _steps.CompensateAsync(saga, step, cancellationToken);
        return outcome.Kind == StepOutcome.Kinds.Done
            ? await StepUndoneAsync(saga, cancellationToken)
            : await TryLaterAsync(saga, step.Name, outcome, SagaStatus.Stuck, cancellationToken);
    }

    private Task<Progress> StepUndoneAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        saga.Status = SagaStatus.Compensating;
        return StepDoneAsync(saga, saga.Step - 1, needsNoWrite: saga.Step == 1, cancellationToken);
    }

    /// <summary>The last step in either direction needs no write of its own: it is idempotent, and the end of the saga follows at once.</summary>
    private async Task<Progress> StepDoneAsync(SagaContext saga, int step, bool needsNoWrite, CancellationToken cancellationToken)
    {
        // A last step that may not be repeated, or that settles the matter, is on record before anything else can fail.
        needsNoWrite &= !saga.GoesForwards || (saga.Definition.Steps[saga.Step].IsRepeatable && saga.Step != saga.Definition.PivotIndex);
        if (saga.Status == SagaStatus.Stalled)
        {
            saga.Status = SagaStatus.Running;
        }

        var wasPivot = saga.GoesForwards && saga.Step == saga.Definition.PivotIndex;
        (saga.Step, saga.Attempts, saga.TakenOver) = (step, 0, false);
        if (needsNoWrite)
        {
            return Progress.GoOn;
        }

        var result = await _writes.ThroughAsync(cancel => store.AdvanceAsync(saga, cancel), cancellationToken);
        if (wasPivot && saga.CancelCode is { } code)
        {
            Note(saga, SagaAction.CancelledTooLate, code, saga.CancelDetail);
        }

        return Judge(saga, result);
    }

    private async Task<Progress> CompleteAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        try
        {
            return await TransitionAsync(
                saga,
                new SagaTransition(SagaStatus.Completed, saga.Step) { IsPastPivot = saga.IsPastPivot },
                batch => saga.Definition.Closing?.Execute(saga, batch),
                cancellationToken);
        }
        catch (PostgresException exception) when (!exception.IsPassing())
        {
            LogLocalStep(exception, saga.Definition.Name, saga.Id);
            return saga.IsPastPivot
                ? await TryLaterAsync(saga, ClosingName(saga), StepOutcome.Transient(LocalStepCode, exception.MessageText), SagaStatus.Stalled, cancellationToken)
                : await TurnAsync(saga, saga.Definition.Steps.Count, LocalStepCode, exception.MessageText, cancellationToken);
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
            return await TryLaterAsync(saga, ClosingName(saga), StepOutcome.Transient(LocalStepCode, exception.MessageText), SagaStatus.Stuck, cancellationToken);
        }
    }

    private async Task<Progress> TransitionAsync(
        SagaContext saga, SagaTransition transition, LocalStatements statements, CancellationToken cancellationToken)
    {
        var entry = Entry(Action(transition.Status), transition.FailureCode, transition.FailureDetail);
        saga.Note(entry);
        var result = WriteResult.Fenced;
        try
        {
            result = await _writes.ThroughAsync(cancel => store.TransitionAsync(saga, transition, statements, cancel), cancellationToken);
        }
        finally
        {
            if (result != WriteResult.Written)
            {
                // It did not come to this.
                saga.Retract(entry);
            }
        }

        if (result != WriteResult.Written)
        {
            return Judge(saga, result);
        }

        (saga.Status, saga.Step, saga.Attempts, saga.TakenOver) = (transition.Status, transition.Step, 0, false);
        var local = saga.Status == SagaStatus.Compensated ? saga.Definition.Opening : saga.Definition.Closing;
        local?.Committed(saga);
        return saga.IsFinished ? Progress.Ended : Progress.GoOn;
    }

    private async Task<Progress> TryLaterAsync(SagaContext saga, string step, StepOutcome outcome, SagaStatus stuck, CancellationToken cancellationToken) =>
        Judge(saga, await _retries.UntilItWorksAsync(saga, step, outcome, stuck, cancellationToken));

    private async Task<Progress> RetryLaterAsync(SagaContext saga, ISagaStep step, StepOutcome outcome, CancellationToken cancellationToken) =>
        Judge(saga, await _retries.OfStepAsync(saga, step, outcome, cancellationToken));

    private Progress Judge(SagaContext saga, WriteResult? result) => result is { } written ? Judge(saga, written) : Progress.NotOurs;

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

    private void Note(SagaContext saga, string action, string? code = null, string? detail = null, string? step = null) =>
        saga.Note(Entry(action, code, detail) with { Step = step });

    private SagaHistoryEntry Entry(string action, string? code, string? detail) =>
        new(time.GetUtcNow(), action, Code: code, Detail: detail, By: owner.Name);

    private static string Action(SagaStatus status) => status switch
    {
        SagaStatus.Completed => SagaAction.Completed,
        SagaStatus.Compensated => SagaAction.Compensated,
        _ => SagaAction.Turned,
    };

    private static string ClosingName(SagaContext saga) => saga.Definition.Closing?.Name ?? "local";

    /// <summary>The step that may have happened counts as one that has; behind the last step there is none.</summary>
    private static int DoubtfulStep(SagaContext saga) => Math.Min(saga.Step + 1, saga.Definition.Steps.Count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Saga {Saga} {Id}: a local step could not be stored")]
    private partial void LogLocalStep(Exception exception, string saga, Guid id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Saga {Saga} {Id} is driven by another instance; this one lost it at epoch {Epoch}")]
    private partial void LogFenced(string saga, Guid id, long epoch);
}
