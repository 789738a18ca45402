using Confluent.Kafka;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Messages that are handled together, and how far each partition is. Not thread-safe.</summary>
internal sealed class ConsumedBatch<T>(int capacity, string groupId)
{
    /// <summary>However large messages are, a batch of them fits into memory.</summary>
    private const long MaxBytes = 16 * 1024 * 1024;

    private readonly List<ConsumedEntry<T>> _entries = [];
    private readonly Dictionary<TopicPartition, (Offset Next, Offset End)> _offsets = [];
    private readonly List<(ConsumedEntry<T> Entry, bool IsOwn)> _selected = [];
    private SplitPlan _plan = SplitPlan.None;
    private long _bytes;

    public bool IsEmpty => _entries.Count == 0;

    public bool IsFull => _entries.Count >= capacity || _bytes >= MaxBytes;

    /// <summary>Whether messages have to wait for the other group.</summary>
    public bool HasWaiting => _selected.Count < _entries.Count;

    /// <summary>Everything that was selected.</summary>
    public ConsumedSlice<T> Whole => Slice(0, _selected.Count);

    /// <summary>Where each partition is to go on, given what is done.</summary>
    public IEnumerable<TopicPartitionOffset> NextOffsets => _offsets.Select(entry => new TopicPartitionOffset(entry.Key, entry.Value.Next));

    /// <summary>The same, only of partitions of which something is not done.</summary>
    public IEnumerable<TopicPartitionOffset> UnfinishedOffsets =>
        _offsets.Where(entry => entry.Value.Next < entry.Value.End).Select(entry => new TopicPartitionOffset(entry.Key, entry.Value.Next));

    public void Add(ConsumeResult<string, byte[]> result, IMessageHandler<T> handler)
    {
        var next = _offsets.TryGetValue(result.TopicPartition, out var seen) ? seen.Next : result.Offset;
        _offsets[result.TopicPartition] = (next, result.Offset + 1);
        _bytes += result.Message.Value?.Length ?? 0;
        _entries.Add(Decode(result, handler));
    }

    /// <summary>Selects what a group may pass: its own messages and those it leaves to the other group, of each partition until one has to wait.</summary>
    public void Select(SplitPlan plan, bool isCanary)
    {
        _plan = plan;
        _selected.Clear();
        var held = new HashSet<int>();
        foreach (var entry in _entries)
        {
            var partition = entry.Result.Partition.Value;
            if (held.Contains(partition))
            {
                continue;
            }

            var verdict = plan.Judge(isCanary, partition, entry.Result.Offset.Value, entry.Result.Message.Key);
            if (verdict == SplitVerdict.Waits)
            {
                held.Add(partition);
            }
            else
            {
                _selected.Add((entry, verdict == SplitVerdict.Own && IsForGroup(entry)));
            }
        }
    }

    /// <summary>The same as <see cref="Whole"/> in slices that have one message of the group's own at most, as their last.</summary>
    public IEnumerable<ConsumedSlice<T>> OneByOne()
    {
        var start = 0;
        for (var i = 0; i < _selected.Count; i++)
        {
            if (_selected[i].IsOwn || i == _selected.Count - 1)
            {
                yield return Slice(start, i + 1 - start);
                start = i + 1;
            }
        }
    }

    /// <summary>The slice has had its effect, or its message has been given up. Entries of a partition are done in their order.</summary>
    public void Done(ConsumedSlice<T> slice)
    {
        foreach (var place in slice.Places)
        {
            _offsets[place.TopicPartition] = _offsets[place.TopicPartition] with { Next = place.Offset };
        }
    }

    public void Clear()
    {
        _entries.Clear();
        _selected.Clear();
        _offsets.Clear();
        _bytes = 0;
    }

    private bool IsForGroup(ConsumedEntry<T> entry) => entry.Result.Message.Headers.FindText(MessageHeaders.OnlyGroup) is not { } only || only == groupId;

    private ConsumedSlice<T> Slice(int start, int count)
    {
        var part = _selected.GetRange(start, count);
        return new ConsumedSlice<T>(
            [.. part.Where(one => one.IsOwn).Select(one => one.Entry)],
            [.. part.GroupBy(one => one.Entry.Result.TopicPartition, one => one.Entry.Result.Offset + 1).Select(next => new TopicPartitionOffset(next.Key, next.Last()))],
            _plan);
    }

    private static ConsumedEntry<T> Decode(ConsumeResult<string, byte[]> result, IMessageHandler<T> handler)
    {
        var headers = result.Message.Headers;
        var position = result.TopicPartitionOffset.ToString();
        var id = MessageIdentity.Of(headers.FindText(MessageHeaders.MessageId), position);
        var sender = DurableTelemetry.ParentFrom(headers.FindText(MessageHeaders.TraceParent));
        try
        {
            var type = headers.FindText(MessageHeaders.MessageType);
            var message = new ConsumedMessage<T>(id, result.Message.Key ?? "", type, handler.Decode(result.Message.Value, type), position)
            {
                Channel = ReleaseChannels.Stored(headers.FindText(ResilienceHeaders.ReleaseChannel)),
            };
            return new ConsumedEntry<T>(result, id, message, null, sender);
        }
        catch (Exception exception)
        {
            // Decoding is pure: whatever it throws, it will throw again.
            return new ConsumedEntry<T>(result, id, null, exception, sender);
        }
    }
}
