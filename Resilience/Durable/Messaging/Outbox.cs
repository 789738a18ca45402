using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Where a transaction leaves the messages that must be sent if, and only if, it commits. Thread-safe.
/// </summary>
/// <remarks>
/// Order for a key holds when transactions that write messages of that key follow one another, as they do when they lock the row
/// the key stands for.
/// </remarks>
public sealed class Outbox
{
    private readonly OutboxSignal _signal;

    internal Outbox(OutboxSignal signal) => _signal = signal;

    /// <summary>Adds the insert of <paramref name="message"/> to a batch that runs in the state's transaction.</summary>
    public static void Append(NpgsqlBatch batch, OutboxMessage message)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(message);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "INSERT INTO durable.outbox (message_id, topic, key, type, payload, traceparent, channel, only_group) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = message.MessageId },
                new NpgsqlParameter<string> { TypedValue = message.Topic },
                new NpgsqlParameter<string> { TypedValue = message.Key },
                new NpgsqlParameter<string> { TypedValue = message.Type },
                new NpgsqlParameter<byte[]> { TypedValue = message.Payload },
                new NpgsqlParameter { Value = (object?)(message.Traceparent ?? DurableTelemetry.CurrentTraceParent) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new NpgsqlParameter { Value = (object?)CallContext.Current.Channel.ToStored() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new NpgsqlParameter { Value = (object?)message.OnlyGroup ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        });
    }

    /// <summary>Wakes the relay. Call it after the commit; a forgotten call costs only latency, up to the relay's poll interval.</summary>
    public void Committed() => _signal.Set();
}
