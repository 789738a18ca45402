using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Something that happened to a saga: an attempt at a step, a turn, what an operator did. Immutable.</summary>
/// <param name="At">When, by the clock of the process in which it happened.</param>
/// <param name="Action">What: see <see cref="SagaAction"/>.</param>
/// <param name="Step">Name of the step; null where it is about the whole saga. Where it is not an attempt, "undo " stands before a compensation.</param>
/// <param name="Outcome"><c>done</c>, <c>transient</c>, <c>failed</c> or <c>refused</c> of an attempt; null otherwise.</param>
/// <param name="Attempt">Which attempt at the step it was, from 1; null where it is none.</param>
/// <param name="Milliseconds">How long the attempt took.</param>
/// <param name="Code">Why it did not work, or why the saga turned round.</param>
/// <param name="Detail"><paramref name="Code"/> as a sentence; an operator's reason.</param>
/// <param name="By">The instance, or the operator.</param>
public sealed record SagaHistoryEntry(
    DateTimeOffset At,
    string Action,
    string? Step = null,
    string? Outcome = null,
    int? Attempt = null,
    double? Milliseconds = null,
    string? Code = null,
    string? Detail = null,
    string? By = null)
{
    internal string ToJson() => JsonSerializer.Serialize(this, SagaJson.Default.SagaHistoryEntry);

    internal static SagaHistoryEntry FromJson(string json) =>
        JsonSerializer.Deserialize(json, SagaJson.Default.SagaHistoryEntry) ?? throw new JsonException("An entry of a saga's history is null.");
}

/// <summary>What the entries of a saga's history are about.</summary>
public static class SagaAction
{
    /// <summary>The saga was stored.</summary>
    public const string Started = "started";

    /// <summary>An attempt at a step.</summary>
    public const string Execute = "execute";

    /// <summary>An attempt at undoing a step.</summary>
    public const string Compensate = "compensate";

    /// <summary>The saga begins to undo what it did.</summary>
    public const string Turned = "turned";

    /// <summary>Another instance went on with it.</summary>
    public const string TakenOver = "taken-over";

    /// <summary>A step has failed so often that a person should look.</summary>
    public const string Stuck = "stuck";

    /// <summary>A step has failed as often as it may; the saga waits for the cause to be healed before it turns round.</summary>
    public const string Held = "held";

    /// <summary>A wish to cancel came after the pivot, and changes nothing.</summary>
    public const string CancelledTooLate = "cancelled-too-late";

    /// <summary>Everything is done.</summary>
    public const string Completed = "completed";

    /// <summary>Everything that was done is undone.</summary>
    public const string Compensated = "compensated";

    /// <summary>An operator had it tried again at once.</summary>
    public const string OperatorRetry = "operator-retry";

    /// <summary>An operator took the step for done.</summary>
    public const string OperatorSkip = "operator-skip";

    /// <summary>An operator had it undo what it did.</summary>
    public const string OperatorCompensate = "operator-compensate";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SagaHistoryEntry))]
internal sealed partial class SagaJson : JsonSerializerContext;
