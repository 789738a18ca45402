using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// Makes one attempt at one step: a span in the trace of whoever started the saga, an entry of the history, and an exception or the end of the step's time turned
/// into an outcome. Thread-safe.
/// </summary>
internal sealed partial class StepRunner(TimeProvider time, SagaOwner owner, ILogger logger)
{
    /// <summary>Code of an attempt that took longer than the step allows.</summary>
    public const string TimedOutCode = "STEP_TIMED_OUT";

    /// <summary>Code of an attempt that ended with an exception.</summary>
    public const string UnexpectedCode = "STEP_FAILED";

    public Task<StepOutcome> ExecuteAsync(SagaContext saga, ISagaStep step, CancellationToken cancellationToken) =>
        RunAsync(saga, step, SagaAction.Execute, step.ExecuteAsync, cancellationToken);

    public Task<StepOutcome> CompensateAsync(SagaContext saga, ICompensableStep step, CancellationToken cancellationToken) =>
        RunAsync(saga, step, SagaAction.Compensate, step.CompensateAsync, cancellationToken);

    private async Task<StepOutcome> RunAsync(
        SagaContext saga, ISagaStep step, string action, Func<SagaContext, CancellationToken, Task<StepOutcome>> attempt, CancellationToken cancellationToken)
    {
        using var activity = DurableTelemetry.Source.StartActivity($"{action} {step.Name}");
        activity?.SetTag("saga.id", saga.Id.ToString());
        activity?.SetTag("saga.step", step.Name);
        activity?.SetTag("saga.attempt", saga.Attempts + 1);

        var (at, began) = (time.GetUtcNow(), time.GetTimestamp());
        var outcome = await AttemptAsync(saga, step, action, attempt, cancellationToken);
        var took = time.GetElapsedTime(began);
        SagaMetrics.Attempted(saga, step.Name, action, outcome, took);
        saga.Note(new SagaHistoryEntry(
            at, action, step.Name, outcome.Name, saga.Attempts + 1, Math.Round(took.TotalMilliseconds, 1), outcome.Code, outcome.Detail, owner.Name));
        if (outcome.Kind is not (StepOutcome.Kinds.Done or StepOutcome.Kinds.Waiting))
        {
            activity?.SetStatus(ActivityStatusCode.Error, outcome.Detail);
            activity?.SetTag("error.type", outcome.Code);
        }

        return outcome;
    }

    private async Task<StepOutcome> AttemptAsync(
        SagaContext saga, ISagaStep step, string action, Func<SagaContext, CancellationToken, Task<StepOutcome>> attempt, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(step.Timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        Task<StepOutcome>? running = null;
        try
        {
            running = attempt(saga, ending.Token);

            // A step that does not listen to its token must not hold the saga for ever.
            return await running.WaitAsync(ending.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Forget(running, saga, step, action);
            return StepOutcome.Transient(TimedOutCode, $"{action} {step.Name} took longer than {step.Timeout.TotalSeconds:0.###} s.");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogException(exception, saga.Definition.Name, saga.Id, $"{action} {step.Name}");
            return StepOutcome.Transient(UnexpectedCode, $"{action} {step.Name}: {exception.Message}");
        }
    }

    /// <summary>Whatever comes of an attempt that nobody waits for any more, nobody else would hear of its exception.</summary>
    private void Forget(Task? abandoned, SagaContext saga, ISagaStep step, string action) =>
        abandoned?.ContinueWith(
            task => LogException(task.Exception!, saga.Definition.Name, saga.Id, $"{action} {step.Name}"),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Saga {Saga} {Id}: {Operation} threw; it is tried again")]
    private partial void LogException(Exception exception, string saga, Guid id, string operation);
}
