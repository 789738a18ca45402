using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What a consumer does with messages of type <typeparamref name="T"/>.</summary>
public interface IMessageHandler<T>
{
    /// <summary>Decodes a payload, and does nothing else. A message for which it throws is parked, with the exception's text as the reason.</summary>
    T Decode(ReadOnlySpan<byte> payload, string? type);

    /// <summary>
    /// Brings about the effect of messages that have not had it yet, in the order of their partitions, inside <paramref name="transaction"/>.
    /// An exception rolls everything back and the batch comes again.
    /// </summary>
    Task HandleAsync(
        IReadOnlyList<ConsumedMessage<T>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken);
}
