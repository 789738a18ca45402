using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Makes one attempt at one step: a span in the trace of whoever started the saga, and an exception turned into an outcome.</summary>
internal sealed partial class StepRunner(ILogger logger)
{
    /// <summary>Code of an attempt that ended with an exception.</summary>
    public const string UnexpectedCode = "STEP_FAILED";

    public Task<StepOutcome> ExecuteAsync(SagaContext saga, ISagaStep step, CancellationToken cancellationToken) =>
        RunAsync(saga, step.Name, $"execute {step.Name}", step.ExecuteAsync, cancellationToken);

    public Task<StepOutcome> CompensateAsync(SagaContext saga, ISagaStep step, CancellationToken cancellationToken) =>
        RunAsync(saga, step.Name, $"compensate {step.Name}", step.CompensateAsync, cancellationToken);

    private async Task<StepOutcome> RunAsync(
        SagaContext saga, string step, string operation, Func<SagaContext, CancellationToken, Task<StepOutcome>> attempt, CancellationToken cancellationToken)
    {
        using var activity = DurableTelemetry.Source.StartActivity(operation);
        activity?.SetTag("saga.id", saga.Id.ToString());
        activity?.SetTag("saga.step", step);
        activity?.SetTag("saga.attempt", saga.Attempts + 1);

        var outcome = await AttemptAsync(saga, operation, attempt, cancellationToken);
        if (outcome.Kind != StepOutcome.Kinds.Done)
        {
            activity?.SetStatus(ActivityStatusCode.Error, outcome.Detail);
            activity?.SetTag("error.type", outcome.Code);
        }

        return outcome;
    }

    private async Task<StepOutcome> AttemptAsync(
        SagaContext saga, string operation, Func<SagaContext, CancellationToken, Task<StepOutcome>> attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await attempt(saga, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogException(exception, saga.Definition.Name, saga.Id, operation);
            return StepOutcome.Transient(UnexpectedCode, $"{operation}: {exception.Message}");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Saga {Saga} {Id}: {Operation} threw; it is tried again")]
    private partial void LogException(Exception exception, string saga, Guid id, string operation);
}
