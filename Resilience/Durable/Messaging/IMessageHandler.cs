using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What a consumer does with messages of type <typeparamref name="T"/>.</summary>
public interface IMessageHandler<T>
{
    /// <summary>
    /// Decodes a payload, and does nothing else. A message for which it throws goes to the dead letters at once, with the exception's text as the
    /// reason.
    /// </summary>
    T Decode(ReadOnlySpan<byte> payload, string? type);

    /// <summary>
    /// Brings about the effect of messages that have not had it yet, in the order of their partitions, inside <paramref name="transaction"/>.
    /// An exception rolls everything back; then the same messages come one by one, and one that fails <see cref="KafkaConsumerOptions.MaxFailures"/>
    /// times goes to the dead letters. An exception that has to do with a database or broker being away does not count, however often it comes.
    /// </summary>
    Task HandleAsync(
        IReadOnlyList<ConsumedMessage<T>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken);
}
