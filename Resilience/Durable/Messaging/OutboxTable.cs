using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What the relay does with the table, on the connection that holds the relay's lock: without the lock no row is removed.</summary>
internal static class OutboxTable
{
    internal const string Channel = "durable_outbox";
    private const long LockKey = 0x6F75_7462_6F78;

    public static async Task<bool> TryLockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    public static Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"LISTEN {Channel}", cancellationToken);

    public static Task NotifyAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"NOTIFY {Channel}", cancellationToken);

    public static async Task<List<OutboxRow>> ReadAsync(NpgsqlConnection connection, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT id, message_id, topic, key, type, payload, traceparent FROM durable.outbox WHERE parked_at IS NULL ORDER BY id LIMIT $1",
            connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = limit } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<OutboxRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var message = new OutboxMessage(
                reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<byte[]>(5));
            rows.Add(new OutboxRow(reader.GetInt64(0), message, await reader.IsDBNullAsync(6, cancellationToken) ? null : reader.GetString(6)));
        }

        return rows;
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

    /// <summary>Number of unsent rows and the age of the oldest in seconds.</summary>
    public static async Task<(long Pending, double OldestSeconds)> MeasureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM durable.outbox", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetDouble(1));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
