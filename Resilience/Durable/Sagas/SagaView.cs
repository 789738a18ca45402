namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>A saga as people look at it. Immutable.</summary>
/// <param name="Id">Identifier of the saga.</param>
/// <param name="Definition">Name of its definition.</param>
/// <param name="Version">Version of its definition.</param>
/// <param name="Status">Where it is: running, held, compensating, stuck, stalled, completed, compensated.</param>
/// <param name="IsParked">Whether this instance does not know the definition: the saga waits for an instance that does.</param>
/// <param name="Remaining">What it still has to do, in order: names of steps, with "undo " before those that are to be compensated. Empty when parked.</param>
/// <param name="Attempts">Attempts of the present step that failed.</param>
/// <param name="FailureCode">Why it turned round; null while it has not.</param>
/// <param name="FailureDetail"><paramref name="FailureCode"/> as a sentence.</param>
/// <param name="LastErrorCode">What the last failed attempt came to, of whichever step.</param>
/// <param name="LastError"><paramref name="LastErrorCode"/> as a sentence.</param>
/// <param name="Owner">The instance that drives it; null when none does.</param>
/// <param name="NextAttemptAt">When it may go on, when nobody drives it; null otherwise.</param>
/// <param name="CreatedAt">When it was started.</param>
/// <param name="UpdatedAt">When something was last written.</param>
/// <param name="History">What happened, first to last. Of a very long one the middle is left out.</param>
public sealed record SagaView(
    Guid Id,
    string Definition,
    int Version,
    string Status,
    bool IsParked,
    IReadOnlyList<string> Remaining,
    int Attempts,
    string? FailureCode,
    string? FailureDetail,
    string? LastErrorCode,
    string? LastError,
    string? Owner,
    DateTimeOffset? NextAttemptAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    IReadOnlyList<SagaHistoryEntry> History)
{
    internal static IReadOnlyList<string> RemainingOf(SagaDefinition definition, SagaStatus status, int step) => status switch
    {
        SagaStatus.Running or SagaStatus.Stalled or SagaStatus.Held => [.. Forwards(definition, step)],
        SagaStatus.Compensating or SagaStatus.Stuck => [.. Backwards(definition, step)],
        _ => [],
    };

    /// <summary>The compensation of a step, as lists and histories name it.</summary>
    internal static string Undo(string step) => $"undo {step}";

    private static IEnumerable<string> Forwards(SagaDefinition definition, int step)
    {
        var names = definition.Steps.Skip(step).Select(next => next.Name);
        return definition.Closing is { } closing ? names.Append(closing.Name) : names;
    }

    private static IEnumerable<string> Backwards(SagaDefinition definition, int step)
    {
        var names = definition.Steps.Take(step).Reverse().OfType<ICompensableStep>().Select(next => Undo(next.Name));
        return definition.Opening is { } opening ? names.Append(Undo(opening.Name)) : names;
    }
}

/// <summary>Which unfinished sagas to list.</summary>
public enum SagaFilter
{
    /// <summary>All that have not ended.</summary>
    Unfinished,

    /// <summary>Those older than <see cref="SagaOptions.OverdueAfter"/>, stuck ones included.</summary>
    Overdue,

    /// <summary>Those of which a step or a compensation keeps failing, held ones included.</summary>
    Stuck,

    /// <summary>Those whose definition or version this instance does not know.</summary>
    Parked,
}

/// <summary>What an operator's wish came to.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Detail">The same as a sentence.</param>
public sealed record SagaIntervention(SagaInterventionOutcome Outcome, string Detail);

/// <summary>What an operator's wish came to.</summary>
public enum SagaInterventionOutcome
{
    /// <summary>It is stored, and will be driven on at once.</summary>
    Done,

    /// <summary>There is no such saga.</summary>
    NotFound,

    /// <summary>It does not fit where the saga is; nothing has changed.</summary>
    NotApplicable,

    /// <summary>This instance does not know the saga's definition; nothing has changed.</summary>
    Parked,
}
