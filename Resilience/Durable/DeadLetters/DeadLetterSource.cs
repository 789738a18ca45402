namespace ResilientShop.Resilience.Durable;

/// <summary>
/// Where the failed thing came from: a message on a topic, or a step of a saga. Immutable and thread-safe. Which of its fields are filled depends on
/// <see cref="Kind"/>; the others are absent from the JSON.
/// </summary>
public sealed record DeadLetterSource
{
    /// <summary>Value of <see cref="Kind"/> for a message.</summary>
    public const string MessageKind = "message";

    /// <summary>Value of <see cref="Kind"/> for a saga.</summary>
    public const string SagaKind = "saga";

    /// <summary><see cref="MessageKind"/> or <see cref="SagaKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Kafka topic of the message.</summary>
    public string? Topic { get; init; }

    /// <summary>Partition of the message.</summary>
    public int? Partition { get; init; }

    /// <summary>Offset of the message.</summary>
    public long? Offset { get; init; }

    /// <summary>Consumer group in which handling failed.</summary>
    public string? Group { get; init; }

    /// <summary>Identifier of the message, the same on every redelivery; its position when the sender gave none.</summary>
    public string? MessageId { get; init; }

    /// <summary>What the payload is, when the sender said so; at most 256 characters of it.</summary>
    public string? MessageType { get; init => field = BoundedText.Cut(value, 256); }

    /// <summary>The saga.</summary>
    public Guid? SagaId { get; init; }

    /// <summary>The step that failed.</summary>
    public string? Step { get; init; }

    /// <summary>A message that a consumer could not handle.</summary>
    /// <param name="group">Consumer group.</param>
    /// <param name="topic">Kafka topic.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="messageId">The same on every redelivery.</param>
    /// <param name="messageType">What the payload is, if known.</param>
    public static DeadLetterSource Message(string group, string topic, int partition, long offset, string messageId, string? messageType) => new()
    {
        Kind = MessageKind,
        Group = group,
        Topic = topic,
        Partition = partition,
        Offset = offset,
        MessageId = messageId,
        MessageType = messageType,
    };

    /// <summary>A step of a saga, forwards or backwards.</summary>
    public static DeadLetterSource Saga(Guid sagaId, string step) => new() { Kind = SagaKind, SagaId = sagaId, Step = step };

    /// <summary>
    /// What stays the same when the same thing fails again. A message that is sent twice lies at two offsets, so its position is no part of it.
    /// </summary>
    internal IEnumerable<string?> Identity => Kind == MessageKind ? [Kind, Group, Topic, MessageId] : [Kind, SagaId?.ToString(), Step];
}
