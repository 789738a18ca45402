using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Remembers which messages have had their effect, in the transaction that has the effect. Thread-safe.</summary>
public static class Inbox
{
    /// <summary>
    /// Records <paramref name="messageIds"/> and returns those that were not known. A concurrent transaction that records one of the same
    /// ids is waited for; an id that occurs twice in the call is new once.
    /// </summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="transaction">The transaction of the effect.</param>
    /// <param name="consumer">Name of who consumes; each has an inbox of its own.</param>
    /// <param name="messageIds">Identifiers that stay the same on redelivery.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlySet<string>> TryRecordAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        string consumer,
        IReadOnlyCollection<string> messageIds,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { Record(consumer, messageIds) } };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        return await ReadAddedAsync(reader, cancellationToken);
    }

    /// <summary>The statement that records.</summary>
    internal static NpgsqlBatchCommand Record(string consumer, IReadOnlyCollection<string> messageIds) =>
        // In order, so that two consumers with overlapping batches wait for each other instead of deadlocking.
        new(
            """
            INSERT INTO durable.inbox (consumer, message_id)
            SELECT $1, id FROM unnest($2) AS id GROUP BY id ORDER BY id
            ON CONFLICT DO NOTHING RETURNING message_id
            """)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = consumer }, new NpgsqlParameter<string[]> { TypedValue = [.. messageIds] } },
        };

    /// <summary>Reads what the statement returned.</summary>
    internal static async Task<IReadOnlySet<string>> ReadAddedAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var added = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            added.Add(reader.GetString(0));
        }

        return added;
    }

    /// <summary>
    /// Forgets the oldest messages of those older than <paramref name="retention"/>, at most <paramref name="limit"/> of them. Any number of
    /// instances may do so at the same time; they pass over what another is forgetting.
    /// </summary>
    /// <returns>How many were forgotten.</returns>
    public static async Task<int> ForgetAsync(
        NpgsqlDataSource dataSource, string consumer, TimeSpan retention, int limit, CancellationToken cancellationToken)
    {
        // The order makes it an index scan, which remembers the dead entries it met; the array makes the planner count on few rows.
        await using var command = dataSource.CreateCommand(
            """
            DELETE FROM durable.inbox WHERE ctid = ANY (ARRAY(
              SELECT ctid FROM durable.inbox WHERE consumer = $1 AND received_at < now() - $2
              ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED))
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = consumer });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = retention });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
