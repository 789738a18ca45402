using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Resilience.Tests.Messaging;

/// <summary>A topic in memory, as its groups and <see cref="ConsumerSplits"/> see it.</summary>
internal sealed class SplitLog(int partitions, string topic) : ITopicEnds
{
    private readonly List<ConsumeResult<string, byte[]>>[] _messages = [.. Enumerable.Range(0, partitions).Select(_ => new List<ConsumeResult<string, byte[]>>())];

    public int Partitions => partitions;

    /// <summary>What the stable group has committed.</summary>
    public Dictionary<int, long> Committed { get; } = [];

    public void Append(int key, string id)
    {
        var partition = key % partitions;
        _messages[partition].Add(new ConsumeResult<string, byte[]>
        {
            TopicPartitionOffset = new TopicPartitionOffset(topic, partition, _messages[partition].Count),
            Message = new Message<string, byte[]> { Key = $"{key}", Value = Encoding.UTF8.GetBytes(id), Headers = [new Header("message-id", Encoding.UTF8.GetBytes(id))] },
        });
    }

    public ConsumeResult<string, byte[]>? Find(int partition, long offset) => offset < _messages[partition].Count ? _messages[partition][(int)offset] : null;

    public Task<IReadOnlyList<PartitionEnd>> ReadAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<PartitionEnd>>(
        [.. _messages.Select((messages, partition) => new PartitionEnd(partition, Committed.GetValueOrDefault(partition), messages.Count))]);

    public void Dispose()
    {
        // Nothing is held.
    }
}

/// <summary>
/// A group that reads a <see cref="SplitLog"/> batch by batch, with everything of <see cref="KafkaConsumer{T}"/> but Kafka, and that dies on demand.
/// </summary>
internal sealed class SplitGroup
{
    private readonly SplitLog _log;
    private readonly KafkaConsumerOptions _options;
    private readonly MessagingWorld _world;
    private readonly FakeTimeProvider _time = new();
    private readonly InboxTransaction<string> _inbox;
    private readonly SplitHandler _handler;
    private readonly Dictionary<int, long> _committed;
    private readonly Dictionary<int, long> _position = [];
    private GroupPlaces? _places;

    public SplitGroup(SplitLog log, MessagingWorld world, OutboxSignal signal, string run, bool isCanary)
    {
        (_log, _world) = (log, world);
        _options = new KafkaConsumerOptions { Topic = run, GroupId = run, IsCanary = isCanary };
        _handler = new SplitHandler(run, isCanary);
        _committed = isCanary ? [] : log.Committed;
        _inbox = new InboxTransaction<string>(_options, "test", world.DataSource, _handler, new Outbox(signal), new ConsumerStatus(), new ReleaseComparison(_options, null), _time, NullLogger.Instance);
    }

    /// <summary>The process is gone; the next batch is that of a new one.</summary>
    public void Die() => _places = null;

    /// <summary>Time passes, so that the next batch looks at the splits by itself.</summary>
    public void Rest() => _time.Advance(TimeSpan.FromSeconds(1));

    /// <returns>Whether the group got on.</returns>
    public async Task<bool> ReadBatchAsync(int size, bool failsInTheMiddle, bool diesBeforeCommit)
    {
        var isNew = _places is null;
        var places = _places ??= new GroupPlaces(_options, _world.DataSource, _time);
        await places.LookAsync(MessagingWorld.Cancel);
        if (!places.HasWork)
        {
            return false;
        }

        var assigned = Enumerable.Range(0, _log.Partitions).Select(partition => new TopicPartition(_options.Topic, partition)).ToList();
        if (isNew)
        {
            foreach (var start in assigned.Select(places.StartOf))
            {
                _position[start.Partition] = start.Offset == Offset.Unset ? _committed.GetValueOrDefault(start.Partition) : start.Offset;
            }
        }

        if (places.AreDue)
        {
            places.GoTo(assigned, start => _position[start.Partition] = start.Offset);
        }

        var batch = Read(size);
        if (batch.IsEmpty)
        {
            return false;
        }

        try
        {
            await places.SelectAsync(batch, MessagingWorld.Cancel);
            if (batch.Whole.Places.Count > 0)
            {
                await HandleAsync(batch, failsInTheMiddle);
            }
        }
        catch (SplitsChangedException)
        {
            places.Invalidate();
        }

        if (diesBeforeCommit)
        {
            Die();
            return true;
        }

        foreach (var place in batch.UnfinishedOffsets)
        {
            _position[place.Partition] = place.Offset;
        }

        foreach (var place in batch.NextOffsets)
        {
            _committed[place.Partition] = place.Offset;
        }

        return places.AreDue || batch.NextOffsets.Any(next => !batch.UnfinishedOffsets.Contains(next)) || batch.Whole.Places.Count > 0;
    }

    private async Task HandleAsync(ConsumedBatch<string> batch, bool failsInTheMiddle)
    {
        if (!failsInTheMiddle)
        {
            (await _inbox.TryHandleAsync(batch.Whole, MessagingWorld.Cancel)).ShouldBeNull();
            batch.Done(batch.Whole);
            return;
        }

        // As after a fault: one by one, and one in the middle fails again.
        var slices = batch.OneByOne().ToList();
        try
        {
            foreach (var slice in slices.Take((slices.Count / 2) + 1))
            {
                if (slice == slices[slices.Count / 2])
                {
                    _handler.OnMessage = _ => throw new InvalidOperationException("failed on purpose");
                }

                if (await _inbox.TryHandleAsync(slice, MessagingWorld.Cancel) is null)
                {
                    batch.Done(slice);
                }
            }
        }
        finally
        {
            _handler.OnMessage = _ => Task.CompletedTask;
        }
    }

    private ConsumedBatch<string> Read(int size)
    {
        var batch = new ConsumedBatch<string>(size, _options.GroupId);
        for (var partition = 0; partition < _log.Partitions; partition++)
        {
            while (!batch.IsFull && _log.Find(partition, _position[partition]) is { } message)
            {
                batch.Add(message, _handler);
                _position[partition]++;
            }
        }

        return batch;
    }
}
