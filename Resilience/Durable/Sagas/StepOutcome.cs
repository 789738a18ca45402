namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>What an attempt at a step came to. An exception counts as <see cref="Transient"/>.</summary>
public readonly record struct StepOutcome
{
    internal enum Kinds
    {
        Done,
        Transient,
        Failed,
        Refused,
        Waiting,
    }

    internal Kinds Kind { get; private init; }

    /// <summary>The kind as the history has it.</summary>
    internal string Name => Kind switch
    {
        Kinds.Done => "done",
        Kinds.Transient => "transient",
        Kinds.Failed => "failed",
        Kinds.Waiting => "waiting",
        _ => "refused",
    };

    /// <summary>Code to switch on; null when done.</summary>
    public string? Code { get; private init; }

    /// <summary>A sentence to read; null when done.</summary>
    public string? Detail { get; private init; }

    /// <summary>How long the other side asks to wait before the next attempt.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>The step has had its effect.</summary>
    public static StepOutcome Done { get; }

    /// <summary>It did not work this time; whether it had an effect is not known. It is tried again as the step's strategy says.</summary>
    public static StepOutcome Transient(string code, string detail, TimeSpan? retryAfter = null) =>
        new() { Kind = Kinds.Transient, Code = code, Detail = detail, RetryAfter = retryAfter };

    /// <summary>
    /// Nothing failed, and it is not done: the step is asked again after a time, sooner when somebody has the saga tried again (<see cref="SagaOperations.RetryAsync(Guid, string, CancellationToken)"/>).
    /// It counts as no attempt, and a long wait is spent in the table. Only forwards; a compensation that waits counts as one that failed.
    /// </summary>
    public static StepOutcome Wait(TimeSpan time, string detail) => new() { Kind = Kinds.Waiting, Detail = detail, RetryAfter = time };

    /// <summary>It will never work. What has, or may have, happened is undone, this step included.</summary>
    public static StepOutcome Failed(string code, string detail) => new() { Kind = Kinds.Failed, Code = code, Detail = detail };

    /// <summary>
    /// It will never work, and this attempt certainly had no effect. The step itself needs no compensation then, unless an earlier attempt at it
    /// is in doubt.
    /// </summary>
    public static StepOutcome Refused(string code, string detail) => new() { Kind = Kinds.Refused, Code = code, Detail = detail };
}
