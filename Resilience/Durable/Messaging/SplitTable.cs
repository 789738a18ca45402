using System.IO.Hashing;
using System.Text;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// The tables <c>durable.consumer_splits</c> and <c>durable.consumer_progress</c> of one consumer of one topic, and the locks that keep changes and
/// batches apart. Thread-safe.
/// </summary>
internal sealed class SplitTable(string consumer, string topic)
{
    /// <summary>Key of the advisory lock that every batch of a group holds shared, and every change alone.</summary>
    public long LockKey(bool isCanary) =>
        unchecked((long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"durable.consumer_splits\n{consumer}\n{topic}\n{(isCanary ? "canary" : "stable")}")));

    /// <summary>Keeps changes out until the transaction ends.</summary>
    public NpgsqlBatchCommand HoldOffChanges(bool isCanary) =>
        new("SELECT pg_advisory_xact_lock_shared($1)") { Parameters = { new NpgsqlParameter<long> { TypedValue = LockKey(isCanary) } } };

    /// <summary>Reads the version of the last change.</summary>
    public NpgsqlBatchCommand ReadVersion() => new("SELECT coalesce(max(version), 0) FROM durable.consumer_splits WHERE consumer = $1 AND topic = $2")
    {
        Parameters = { Text(consumer), Text(topic) },
    };

    /// <summary>Records how far a group is; who was late to say so takes nothing back.</summary>
    public NpgsqlBatchCommand Advance(bool isCanary, IEnumerable<(int Partition, long Next)> places) => WriteProgress(
        isCanary, places, "greatest(known.next_offset, EXCLUDED.next_offset)");

    /// <summary>Puts a group where it is to go on, which may be further back.</summary>
    public NpgsqlBatchCommand Place(bool isCanary, IEnumerable<(int Partition, long Next)> places) => WriteProgress(isCanary, places, "EXCLUDED.next_offset");

    /// <summary>Adds a change.</summary>
    public NpgsqlBatchCommand Append(long version, IReadOnlyCollection<(int Partition, long From)> places, double share, string releaseId, bool isRollback, string reason) => new(
        """
        INSERT INTO durable.consumer_splits (consumer, topic, version, partition, from_offset, share, release_id, is_rollback, reason)
        SELECT $1, $2, $3, place.partition, place.from_offset, $6, $7, $8, $9 FROM unnest($4, $5) AS place (partition, from_offset)
        """)
    {
        Parameters =
        {
            Text(consumer),
            Text(topic),
            new NpgsqlParameter<long> { TypedValue = version },
            new NpgsqlParameter<int[]> { TypedValue = [.. places.Select(place => place.Partition)] },
            new NpgsqlParameter<long[]> { TypedValue = [.. places.Select(place => place.From)] },
            new NpgsqlParameter<double> { TypedValue = share },
            Text(releaseId),
            new NpgsqlParameter<bool> { TypedValue = isRollback },
            Text(reason),
        },
    };

    /// <summary>Reads all that was said, and how far the groups are.</summary>
    public async Task<SplitPlan> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Progress after splits: a rollback between the two then shows as an old version, never as a new version with an old place.
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(
                    """
                    SELECT version, partition, from_offset, share, release_id, is_rollback, reason, changed_at FROM durable.consumer_splits
                    WHERE consumer = $1 AND topic = $2 ORDER BY version
                    """) { Parameters = { Text(consumer), Text(topic) } },
                new NpgsqlBatchCommand("SELECT partition, is_canary, next_offset FROM durable.consumer_progress WHERE consumer = $1 AND topic = $2")
                {
                    Parameters = { Text(consumer), Text(topic) },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var (version, last, rolledBack) = (0L, (ConsumerSplitChange?)null, new HashSet<string>(StringComparer.Ordinal));
        var splits = new List<(int Partition, ConsumerSplit Split)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var change = new ConsumerSplitChange(
                reader.GetDouble(3), reader.GetString(4), reader.GetBoolean(5), reader.GetString(6), reader.GetFieldValue<DateTimeOffset>(7));
            (version, last) = (reader.GetInt64(0), change);
            splits.Add((reader.GetInt32(1), new ConsumerSplit(reader.GetInt64(2), change.Share, change.ReleaseId)));
            if (change.IsRollback)
            {
                rolledBack.Add(change.ReleaseId);
            }
        }

        if (last is null)
        {
            return SplitPlan.None;
        }

        await reader.NextResultAsync(cancellationToken);
        var progress = new Dictionary<(int, bool), long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            progress[(reader.GetInt32(0), reader.GetBoolean(1))] = reader.GetInt64(2);
        }

        return new SplitPlan(
            version,
            splits.GroupBy(row => row.Partition, row => row.Split).ToDictionary(
                rows => rows.Key, rows => new PartitionSplits(rows.Key, rows, progress[(rows.Key, false)], progress[(rows.Key, true)])),
            last,
            rolledBack);
    }

    private NpgsqlBatchCommand WriteProgress(bool isCanary, IEnumerable<(int Partition, long Next)> places, string next)
    {
        // In order, so that two members of a group that overlap wait for each other instead of deadlocking.
        var ordered = places.OrderBy(place => place.Partition).ToList();
        return new NpgsqlBatchCommand(
            $"""
            INSERT INTO durable.consumer_progress AS known (consumer, topic, partition, is_canary, next_offset)
            SELECT $1, $2, place.partition, $3, place.next_offset FROM unnest($4, $5) AS place (partition, next_offset)
            ON CONFLICT (consumer, topic, partition, is_canary) DO UPDATE SET next_offset = {next}
            """)
        {
            Parameters =
            {
                Text(consumer),
                Text(topic),
                new NpgsqlParameter<bool> { TypedValue = isCanary },
                new NpgsqlParameter<int[]> { TypedValue = [.. ordered.Select(place => place.Partition)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. ordered.Select(place => place.Next)] },
            },
        };
    }

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value };
}
