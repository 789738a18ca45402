using System.Text.Json;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// One saga as its steps see it. Owned by one worker at a time; steps read it and change nothing.
/// </summary>
public sealed class SagaContext
{
    private readonly string _json;
    private readonly List<SagaHistoryEntry> _news = [];
    private object? _data;

    internal SagaContext(Guid id, SagaDefinition definition, string json, object? data, string? traceParent)
    {
        (Id, Definition, _json, _data, TraceParent) = (id, definition, json, data, traceParent);
    }

    /// <summary>Identifier of the saga and the key under which its steps are idempotent.</summary>
    public Guid Id { get; }

    /// <summary>What it consists of.</summary>
    public SagaDefinition Definition { get; }

    /// <summary>Where it is.</summary>
    public SagaStatus Status { get; internal set; }

    /// <summary>Attempts of the present step that failed.</summary>
    public int Attempts { get; internal set; }

    /// <summary>Why the saga turned round; null while it has not.</summary>
    public string? FailureCode { get; internal set; }

    /// <summary><see cref="FailureCode"/> as a sentence.</summary>
    public string? FailureDetail { get; internal set; }

    /// <summary>The release channel of whoever started it; its steps run under it.</summary>
    public ReleaseChannel Channel { get; internal init; }

    internal string? LastErrorCode { get; set; }

    internal string? LastError { get; set; }

    internal DateTimeOffset EndedAt { get; set; }

    /// <summary>Next step while running; otherwise the number of steps still to be compensated.</summary>
    internal int Step { get; set; }

    internal long Epoch { get; set; }

    internal string? CancelCode { get; set; }

    internal string? CancelDetail { get; set; }

    internal string? TraceParent { get; }

    internal string Json => _json;

    /// <summary>Whether someone else may have attempted the present step before: its effect is in doubt then.</summary>
    internal bool TakenOver { get; set; }

    internal bool IsInDoubt => TakenOver || Attempts > 0;

    /// <summary>Whether it can no longer turn round by itself.</summary>
    internal bool IsPastPivot => Status is SagaStatus.Running or SagaStatus.Stalled && Definition.IsPastPivot(Step);

    internal bool GoesForwards => Status is SagaStatus.Running or SagaStatus.Stalled or SagaStatus.Held;

    /// <summary>The step that is next, or null behind the last.</summary>
    internal ISagaStep? Present => GoesForwards && Step < Definition.Steps.Count ? Definition.Steps[Step] : null;

    /// <summary>What has happened since the last write; the next one stores it.</summary>
    internal IReadOnlyList<SagaHistoryEntry> News => _news;

    internal bool IsFinished => Status is SagaStatus.Completed or SagaStatus.Compensated;

    internal void Note(SagaHistoryEntry entry) => _news.Add(entry);

    /// <summary>Takes back what did not come to pass.</summary>
    internal void Retract(SagaHistoryEntry entry) => _news.Remove(entry);

    /// <summary>The first <paramref name="count"/> of <see cref="News"/> are stored.</summary>
    internal void NewsStored(int count) => _news.RemoveRange(0, count);

    /// <summary>What the saga was started with.</summary>
    /// <exception cref="JsonException">The stored data is not a <typeparamref name="T"/>.</exception>
    public T Data<T>()
        where T : class
    {
        if (_data is T data)
        {
            return data;
        }

        var read = JsonSerializer.Deserialize<T>(_json, JsonSerializerOptions.Web)
            ?? throw new JsonException($"Saga {Id} has no data of type {typeof(T).Name}.");
        _data = read;
        return read;
    }
}
