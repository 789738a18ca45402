using Confluent.Kafka;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// What one of the two groups of a consumer knows of the split, and where it goes on by it. Looks once a second, and at once when told to; what it
/// has overlooked meanwhile each transaction finds out. Not thread-safe.
/// </summary>
internal sealed class GroupPlaces(KafkaConsumerOptions options, NpgsqlDataSource dataSource, TimeProvider time)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private readonly SplitTable _table = new(options.GroupId, options.Topic);
    private long? _lookedAt;

    public SplitPlan Plan { get; private set; } = SplitPlan.None;

    /// <summary>Whether there is anything to read: a canary of which nobody has said anything has no reason to.</summary>
    public bool HasWork => !options.IsCanary || Plan.Version > 0;

    /// <summary>Whether partitions are to be read from the places of the plan, wherever they are read now.</summary>
    public bool AreDue { get; private set; }

    /// <summary>The split or the partitions have changed.</summary>
    public void Invalidate()
    {
        _lookedAt = null;
        AreDue = true;
    }

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_lookedAt is { } at && time.GetElapsedTime(at) < LookInterval)
        {
            return;
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var plan = await _table.ReadAsync(connection, cancellationToken);
        AreDue |= plan.Version != Plan.Version;
        Plan = plan;
        _lookedAt = time.GetTimestamp();
    }

    /// <summary>
    /// Selects of the batch what the group may pass; looks again when something has to wait, for the other group may have gone on.
    /// </summary>
    /// <exception cref="SplitsChangedException">The batch is to be read again.</exception>
    public async Task SelectAsync<T>(ConsumedBatch<T> batch, CancellationToken cancellationToken)
    {
        batch.Select(Plan, options.IsCanary);
        if (!batch.HasWaiting)
        {
            return;
        }

        _lookedAt = null;
        await LookAsync(cancellationToken);
        if (AreDue)
        {
            throw new SplitsChangedException();
        }

        batch.Select(Plan, options.IsCanary);
    }

    /// <summary>
    /// Where to read a partition from that the group has just got. The committed offset may be beyond a place to which a rollback went back; the
    /// place of the plan never is, or the next transaction finds the plan to be old.
    /// </summary>
    public TopicPartitionOffset StartOf(TopicPartition partition) =>
        new(partition, Plan.Partitions.TryGetValue(partition.Partition.Value, out var splits) ? splits.NextOf(options.IsCanary) : Offset.Unset);

    /// <summary>Goes to the places of the plan. After an exception it is still to be done.</summary>
    public void GoTo(IEnumerable<TopicPartition> assigned, Action<TopicPartitionOffset> seek)
    {
        foreach (var start in assigned.Select(StartOf).Where(start => start.Offset != Offset.Unset))
        {
            seek(start);
        }

        AreDue = false;
    }
}
