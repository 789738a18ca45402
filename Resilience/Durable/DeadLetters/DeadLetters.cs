using Npgsql;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Resilience.Durable;

/// <summary>
/// Sends dead letters: through the outbox, so that a letter leaves if, and only if, the transaction that gave something up commits. Thread-safe.
/// </summary>
public static class DeadLetters
{
    /// <summary>
    /// Adds the letter to a batch that runs in the caller's transaction; the table is <see cref="DurableSchema.Outbox"/>. After the commit call
    /// <see cref="Outbox.Committed"/>, as for every message. The letter's identifier is the identifier of the message.
    /// </summary>
    /// <exception cref="ArgumentException">The letter does not say which service failed, at what, or why.</exception>
    public static void Append(NpgsqlBatch batch, DeadLetter letter)
    {
        ArgumentNullException.ThrowIfNull(letter);
        ArgumentException.ThrowIfNullOrWhiteSpace(letter.ServiceName);
        ArgumentException.ThrowIfNullOrWhiteSpace(letter.Operation);
        ArgumentException.ThrowIfNullOrWhiteSpace(letter.ErrorCode);
        Outbox.Append(batch, new OutboxMessage(letter.Id, DeadLetter.Topic, StorableKey(letter.Key), DeadLetter.MessageType, letter.ToJson()));
    }

    /// <summary>
    /// The database takes no zero character in a text. Equal keys stay equal, which is what order needs; the letter itself has the original.
    /// </summary>
    private static string StorableKey(string key) => key.Replace('\0', '\uFFFD');
}
