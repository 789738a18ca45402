using Confluent.Kafka;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Messages that are handled together, and how far each partition is. Not thread-safe.</summary>
internal sealed class ConsumedBatch<T>(int capacity)
{
    /// <summary>However large messages are, a batch of them fits into memory.</summary>
    private const long MaxBytes = 16 * 1024 * 1024;

    private readonly List<ConsumedEntry<T>> _entries = [];
    private readonly Dictionary<TopicPartition, (Offset Next, Offset End)> _offsets = [];
    private long _bytes;

    public bool IsEmpty => _entries.Count == 0;

    public bool IsFull => _entries.Count >= capacity || _bytes >= MaxBytes;

    public IReadOnlyList<ConsumedEntry<T>> Entries => _entries;

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

    /// <summary>The entry has had its effect, or has been given up. Entries of a partition are done in their order.</summary>
    public void Done(ConsumedEntry<T> entry) =>
        _offsets[entry.Result.TopicPartition] = _offsets[entry.Result.TopicPartition] with { Next = entry.Result.Offset + 1 };

    public void AllDone()
    {
        foreach (var partition in _offsets.Keys)
        {
            _offsets[partition] = _offsets[partition] with { Next = _offsets[partition].End };
        }
    }

    public void Clear()
    {
        _entries.Clear();
        _offsets.Clear();
        _bytes = 0;
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
