namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>A message that leaves once the transaction that wrote it has committed: at least once, in order for each key.</summary>
/// <param name="MessageId">The same on every redelivery; consumers recognise repeats by it.</param>
/// <param name="Topic">Kafka topic.</param>
/// <param name="Key">Messages of one key keep their order.</param>
/// <param name="Type">Name of what the payload is, sent as a header.</param>
/// <param name="Payload">The bytes of the value.</param>
public sealed record OutboxMessage(Guid MessageId, string Topic, string Key, string Type, byte[] Payload)
{
    /// <summary>
    /// The only consumer group that it is for; null for all. Consumers of this library of any other group pass over it. For messages that are sent again, because one group could
    /// not handle them: the others have.
    /// </summary>
    public string? OnlyGroup { get; init; }

    /// <summary>W3C trace context that it belongs to; null for the one in which it is written.</summary>
    public string? Traceparent { get; init; }
}
