using System.Data;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What the relay does with the table, on the connection that holds the relay's lock: without the lock no row is removed.</summary>
internal static class OutboxTable
{
    internal const string Channel = "durable_outbox";

    /// <summary>
    /// Most bytes of payloads that are read at a time, the last row aside. Half of what the producer buffers: it refuses what does not fit there, and
    /// the same batch, read again, would be refused for ever.
    /// </summary>
    internal const int MaxBatchBytes = 16 * 1024 * 1024;

    private const long LockKey = 0x6F75_7462_6F78;

    public static async Task<bool> TryLockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>A connection that returns to the pool keeps the lock until it is used again, which may take long; one that is broken has lost it.</summary>
    public static async Task UnlockAsync(NpgsqlConnection connection)
    {
        if (connection.FullState != ConnectionState.Open)
        {
            return;
        }

        try
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({LockKey})", CancellationToken.None);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or IOException)
        {
            // It is broken now.
        }
    }

    public static Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"LISTEN {Channel}", cancellationToken);

    public static Task NotifyAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"NOTIFY {Channel}", cancellationToken);

    /// <summary>The next rows to send, and whether others are known to be behind them.</summary>
    public static async Task<(List<OutboxRow> Rows, bool HasMore)> ReadAsync(NpgsqlConnection connection, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT id, message_id, topic, key, type, payload, traceparent, channel, only_group
            FROM (SELECT *, sum(octet_length(payload)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - octet_length(payload) AS before
                  FROM durable.outbox WHERE parked_at IS NULL ORDER BY id LIMIT $1) AS next
            WHERE before < $2 ORDER BY id
            """,
            connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = limit }, new NpgsqlParameter<int> { TypedValue = MaxBatchBytes } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<OutboxRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var message = new OutboxMessage(
                reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<byte[]>(5)) { OnlyGroup = Text(reader, 8) };
            rows.Add(new OutboxRow(reader.GetInt64(0), message, Text(reader, 6), ReleaseChannels.Stored(Text(reader, 7))));
        }

        return (rows, rows.Count == limit || rows.Sum(row => (long)row.Message.Payload.Length) >= MaxBatchBytes);
    }

    public static async Task DeleteAsync(NpgsqlConnection connection, long[] ids, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("DELETE FROM durable.outbox WHERE id = ANY($1)", connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = ids } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task ParkAsync(NpgsqlConnection connection, long id, string reason, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("UPDATE durable.outbox SET parked_at = now(), parked_for = $2 WHERE id = $1", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = id }, new NpgsqlParameter<string> { TypedValue = reason } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Measures the table; needs no lock, so any instance may ask.</summary>
    public static async Task<OutboxSize> MeasureAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            """
            SELECT count(*) FILTER (WHERE parked_at IS NULL),
                   greatest(clock_timestamp() - min(created_at) FILTER (WHERE parked_at IS NULL), interval '0'),
                   count(*) FILTER (WHERE parked_at IS NOT NULL)
            FROM durable.outbox
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new OutboxSize(reader.GetInt64(0), reader.GetTimeSpan(1), reader.GetInt64(2));
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
