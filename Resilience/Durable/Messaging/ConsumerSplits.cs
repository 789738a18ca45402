using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Releases the canary of a Kafka consumer: gives it a share of the keys, and takes all back. Two groups read the whole topic,
/// <c>GroupId</c> and <c>GroupId-canary</c> (<see cref="KafkaConsumerOptions.IsCanary"/>), on one database; whose a message is follows from its
/// partition, offset and key (<see cref="ReleaseSplit"/>). Each message has its effect once, and the messages of a key keep their order across every
/// change: a group waits with the keys it got until the other one has handled what came before. The tables are in <see cref="DurableSchema.Inbox"/>.
/// Thread-safe, also across processes.
/// </summary>
public sealed class ConsumerSplits
{
    /// <summary>Longer than any healthy batch, and short of the minute in which a canary is to be gone.</summary>
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);
    private const int MaxAttempts = 3;

    private readonly NpgsqlDataSource _dataSource;
    private readonly Func<ITopicEnds> _openEnds;
    private readonly SplitTable _table;
    private readonly TimeSpan _patience;

    /// <summary>The canary of group <paramref name="groupId"/> on <paramref name="topic"/>.</summary>
    /// <param name="bootstrapServers">The brokers; they are asked for the ends of the partitions whenever the share changes.</param>
    /// <param name="dataSource">The database of both groups.</param>
    /// <param name="topic">Kafka topic.</param>
    /// <param name="groupId">Name of the stable group.</param>
    /// <param name="logger">Gets what the client of the brokers says.</param>
    public ConsumerSplits(string bootstrapServers, NpgsqlDataSource dataSource, string topic, string groupId, ILogger<ConsumerSplits> logger)
        : this(() => new KafkaTopicEnds(bootstrapServers, topic, groupId, logger), dataSource, topic, groupId, DefaultPatience)
    {
    }

    internal ConsumerSplits(Func<ITopicEnds> openEnds, NpgsqlDataSource dataSource, string topic, string groupId, TimeSpan patience) =>
        (_openEnds, _dataSource, _table, _patience) = (openEnds, dataSource, new SplitTable(groupId, topic), patience);

    /// <summary>
    /// Gives <paramref name="share"/> of the keys to the canary, of all messages that are not in the topic yet: from 0, which ends its release, to 1.
    /// Both groups must run until <see cref="ConsumerSplitState.IsHandedOver"/>. Batches wait for the fraction of a second that it takes.
    /// </summary>
    /// <param name="share">The share of the keys, from 0 to 1.</param>
    /// <param name="releaseId">Tells one attempt to release from the next: whose keys go to the canary is drawn anew with each.</param>
    /// <param name="reason">Why, for the record.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ReleaseRolledBackException">The release was rolled back.</exception>
    /// <exception cref="TimeoutException">A batch has been under way for more than 10 s. Try again, or roll back.</exception>
    /// <exception cref="KafkaException">The broker cannot be asked, or does not have the topic. Nothing has changed, as with every exception.</exception>
    public async Task SetShareAsync(double share, string releaseId, string reason, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        ArgumentException.ThrowIfNullOrEmpty(releaseId);
        ArgumentNullException.ThrowIfNull(reason);

        // Connects, and finds out that the broker is away before anybody has to wait for it.
        using var broker = _openEnds();
        await broker.ReadAsync(cancellationToken);
        await using var change = await SplitChange.BeginAsync(_dataSource, _table, _patience, cancellationToken);
        if (change.Plan.RolledBack.Contains(releaseId))
        {
            throw new ReleaseRolledBackException(releaseId);
        }

        var places = (await broker.ReadAsync(cancellationToken)).Select(end => PlacesOf(change.Plan, end)).ToList();
        await change.CommitAsync(
            [
                _table.Place(isCanary: false, places.Select(place => (place.Partition, place.StableNext))),
                _table.Place(isCanary: true, places.Select(place => (place.Partition, place.CanaryNext))),
                _table.Append(change.Plan.Version + 1, [.. places.Select(place => (place.Partition, place.FromOffset))], share, releaseId, isRollback: false, reason),
            ],
            cancellationToken);
    }

    /// <summary>
    /// Takes everything from the canary that it has not handled, for good: the stable group goes back to where the canary is and handles it, within a
    /// second or two of this call. The canary may be dead or hang: a batch that is under way for more than 10 s is ended, and what it did is rolled back.
    /// The broker is not needed.
    /// </summary>
    /// <param name="reason">Why, for the record.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was anything to roll back.</returns>
    /// <exception cref="TimeoutException">Batches hold on although they were ended. Try again.</exception>
    /// <exception cref="NpgsqlException">The database cannot be asked. Nothing has changed, as with every exception.</exception>
    public async Task<bool> RollBackAsync(string reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reason);
        await using var change = await BeginByForceAsync(cancellationToken);
        if (change.Plan.Last is not { IsRollback: false } last)
        {
            return false;
        }

        var partitions = change.Plan.Partitions;
        await change.CommitAsync(
            [
                _table.Place(isCanary: false, partitions.Where(one => one.Value.OwesCanary).Select(one => (one.Key, Math.Min(one.Value.StableNext, one.Value.CanaryNext)))),
                _table.Append(change.Plan.Version + 1, [.. partitions.Select(one => (one.Key, one.Value.CanaryNext))], share: 0, last.ReleaseId, isRollback: true, reason),
            ],
            cancellationToken);
        return true;
    }

    /// <summary>How far the release has come.</summary>
    public async Task<ConsumerSplitState> ReadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        var plan = await _table.ReadAsync(connection, cancellationToken);
        return new ConsumerSplitState(
            plan.Last,
            [.. plan.Partitions.OrderBy(one => one.Key).Select(one => new ConsumerPartitionState(one.Key, one.Value.LastFrom, one.Value.StableNext, one.Value.CanaryNext))]);
    }

    /// <summary>Where a change holds from, and where the groups go on: the canary not before it has anything to do.</summary>
    private static ConsumerPartitionState PlacesOf(SplitPlan plan, PartitionEnd end)
    {
        if (!plan.Partitions.TryGetValue(end.Partition, out var known))
        {
            return new ConsumerPartitionState(end.Partition, end.End, Math.Min(end.Committed, end.End), end.End);
        }

        // Not before what was handled, should the broker that answers be behind.
        var from = Math.Max(end.End, Math.Max(known.StableNext, known.CanaryNext));
        return new ConsumerPartitionState(end.Partition, from, known.StableNext, known.OwesCanary ? known.CanaryNext : from);
    }

    private async Task<SplitChange> BeginByForceAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SplitChange.BeginAsync(_dataSource, _table, _patience, cancellationToken);
            }
            catch (TimeoutException) when (attempt < MaxAttempts)
            {
                await SplitChange.EndBatchesAsync(_dataSource, _table, cancellationToken);
            }
        }
    }
}
