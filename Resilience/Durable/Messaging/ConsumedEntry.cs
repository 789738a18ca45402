using System.Diagnostics;
using Confluent.Kafka;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>A message of a batch with what a dead letter needs of the original. Immutable.</summary>
/// <param name="Result">The original.</param>
/// <param name="MessageId">The same on every redelivery.</param>
/// <param name="Message">What the handler sees; null when it could not be decoded.</param>
/// <param name="Malformed">Why it could not be decoded.</param>
/// <param name="Sender">Trace context of the sender.</param>
internal sealed record ConsumedEntry<T>(
    ConsumeResult<string, byte[]> Result, string MessageId, ConsumedMessage<T>? Message, Exception? Malformed, ActivityContext Sender)
{
    public string Position => Result.TopicPartitionOffset.ToString();
}
