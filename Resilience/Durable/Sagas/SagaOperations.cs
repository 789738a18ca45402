using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// What a person sees of unfinished sagas and can do about them. Everything done is kept in the saga's history with who and why. Thread-safe.
/// </summary>
public sealed partial class SagaOperations
{
    /// <summary>Code of a saga that an operator had compensated.</summary>
    public const string OperatorCode = "COMPENSATED_BY_OPERATOR";

    private readonly ISagaRecords _records;
    private readonly SagaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal SagaOperations(ISagaRecords records, SagaOptions options, TimeProvider time, ILogger<SagaOperations> logger) =>
        (_records, _options, _time, _logger) = (records, options, time, logger);

    /// <summary>Unfinished sagas with what remains to do, oldest first, as they are in the table now.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="most">How many at most, from 1.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public Task<IReadOnlyList<SagaView>> ListAsync(SagaFilter filter, int most, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return _records.ListAsync(filter, _options.OverdueAfter, most, cancellationToken);
    }

    /// <summary>The saga with its history, or null when there is none.</summary>
    public Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken) => _records.FindAsync(id, cancellationToken);

    /// <summary>Has the present step or compensation tried again at once, with all its attempts.</summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="who">Who wants it, for the history.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public Task<SagaIntervention> RetryAsync(Guid id, string who, CancellationToken cancellationToken) => RetryAsync(id, who, onlyWaiting: false, cancellationToken);

    /// <summary>The same; and where it is so wished, not for a saga that is tried at this moment: its attempt would be taken from it and made beside the new one.</summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="who">Who wants it, for the history.</param>
    /// <param name="onlyWaiting">Only where it is held, stalled or stuck.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public Task<SagaIntervention> RetryAsync(Guid id, string who, bool onlyWaiting, CancellationToken cancellationToken) => InterveneAsync(
        id,
        SagaAction.OperatorRetry,
        who,
        reason: null,
        saga => saga switch
        {
            { Status: SagaStatus.Running or SagaStatus.Compensating } when onlyWaiting => (null, null, $"The saga is {saga.Status.ToName()}: it is being tried."),
            { IsFinished: true } => (null, null, $"The saga is {saga.Status.ToName()}: there is nothing to try again."),
            { GoesForwards: true, Present: { IsRepeatable: false } step } =>
                (null, step.Name, $"{step.Name} may not be repeated while nobody knows what came of it. Find out, then skip it or have the saga compensated."),
            { GoesForwards: true } => (Same(saga, SagaStatus.Running, saga.Step), NameAt(saga, saga.Step), $"{NameAt(saga, saga.Step) ?? "The end"} is tried again."),
            _ => (Same(saga, SagaStatus.Compensating, saga.Step), UndoAt(saga, saga.Step - 1), $"Undoing {NameAt(saga, saga.Step - 1) ?? "the start"} is tried again."),
        },
        cancellationToken);

    /// <summary>
    /// Takes the compensation that keeps failing, or the step that does, for done, because a person has seen to it, and goes on with the next.
    /// </summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="who">Who wants it, for the history.</param>
    /// <param name="reason">Why, for the history; not empty.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public Task<SagaIntervention> SkipAsync(Guid id, string who, string reason, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return InterveneAsync(
            id,
            SagaAction.OperatorSkip,
            who,
            reason,
            saga => saga switch
            {
                { Status: SagaStatus.Stuck, Step: > 0 } =>
                    (Same(saga, SagaStatus.Compensating, saga.Step - 1), UndoAt(saga, saga.Step - 1), $"{NameAt(saga, saga.Step - 1)} counts as undone."),
                { Status: SagaStatus.Stalled or SagaStatus.Held } when saga.Step < saga.Definition.Steps.Count =>
                    (Same(saga, SagaStatus.Running, saga.Step + 1), NameAt(saga, saga.Step), $"{NameAt(saga, saga.Step)} counts as done."),
                _ => (null, null, $"The saga is {saga.Status.ToName()}: only a step that keeps failing (stuck, stalled, held) can be skipped."),
            },
            cancellationToken);
    }

    /// <summary>
    /// Turns a saga round now, wherever it is: running, past its pivot or completed. What has, or may have, happened is compensated; steps without a compensation
    /// stay as they are.
    /// </summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="who">Who wants it, for the history.</param>
    /// <param name="reason">Why, for the history and as the saga's failure; not empty.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public Task<SagaIntervention> ForceCompensateAsync(Guid id, string who, string reason, CancellationToken cancellationToken) =>
        ForceCompensateAsync(id, who, reason, onlyIf: null, cancellationToken);

    /// <summary>The same, only where the saga is as expected: what has changed since somebody looked is left alone.</summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="who">Who wants it, for the history.</param>
    /// <param name="reason">Why, for the history and as the saga's failure; not empty.</param>
    /// <param name="onlyIf">The status it must have; null for any.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public Task<SagaIntervention> ForceCompensateAsync(Guid id, string who, string reason, SagaStatus? onlyIf, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return InterveneAsync(
            id,
            SagaAction.OperatorCompensate,
            who,
            reason,
            saga => (onlyIf is null || saga.Status == onlyIf) && (saga.GoesForwards || saga.Status == SagaStatus.Completed)
                ? (new SagaTransition(SagaStatus.Compensating, Math.Min(saga.Step + 1, saga.Definition.Steps.Count), OperatorCode, reason), null, "What it did is being undone.")
                : (null, null, $"The saga is {saga.Status.ToName()}{(onlyIf is { } expected ? $", not {expected.ToName()}" : " already")}."),
            cancellationToken);
    }

    private async Task<SagaIntervention> InterveneAsync(
        Guid id,
        string action,
        string who,
        string? reason,
        Func<SagaContext, (SagaTransition? Transition, string? Step, string Detail)> decide,
        CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(who);
        var result = await _records.InterveneAsync(
            id,
            saga =>
            {
                var (transition, step, detail) = decide(saga);
                return (transition, new SagaHistoryEntry(_time.GetUtcNow(), action, step, Detail: reason, By: who), detail);
            },
            cancellationToken);
        LogIntervention(_logger, action, id, who, reason, result.Outcome, result.Detail);
        return result;
    }

    private static SagaTransition Same(SagaContext saga, SagaStatus status, int step) => new(status, step, saga.FailureCode, saga.FailureDetail);

    private static string? NameAt(SagaContext saga, int step) => step >= 0 && step < saga.Definition.Steps.Count ? saga.Definition.Steps[step].Name : null;

    private static string? UndoAt(SagaContext saga, int step) => NameAt(saga, step) is { } name ? SagaView.Undo(name) : null;

    [LoggerMessage(LogLevel.Warning, "{Action} of saga {Id} by {Who} ({Reason}): {Outcome}. {Detail}")]
    private static partial void LogIntervention(ILogger logger, string action, Guid id, string who, string? reason, SagaInterventionOutcome outcome, string detail);
}
