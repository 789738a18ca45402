using System.Diagnostics;
using Confluent.Kafka;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Messages that are handled together, and the offsets they begin and end at. Not thread-safe.</summary>
internal sealed class ConsumedBatch<T>(int capacity)
{
    private readonly List<ConsumedMessage<T>> _messages = [];
    private readonly List<ActivityLink> _links = [];
    private readonly Dictionary<TopicPartition, (Offset First, Offset Next)> _offsets = [];
    private int _count;

    public bool IsEmpty => _count == 0;

    public bool IsFull => _count >= capacity;

    public IReadOnlyList<ConsumedMessage<T>> Messages => _messages;

    public IEnumerable<TopicPartitionOffset> FirstOffsets => _offsets.Select(entry => new TopicPartitionOffset(entry.Key, entry.Value.First));

    public IEnumerable<TopicPartitionOffset> NextOffsets => _offsets.Select(entry => new TopicPartitionOffset(entry.Key, entry.Value.Next));

    public void Add(ConsumeResult<string, byte[]> result, string? type, T value)
    {
        Skip(result);
        var headers = result.Message.Headers;

        // A sender that names no id is still recognised: a redelivery has the same position.
        var position = result.TopicPartitionOffset.ToString();
        var id = headers.FindText(MessageHeaders.MessageId) ?? position;
        _messages.Add(new ConsumedMessage<T>(id, result.Message.Key ?? "", type, value, position));
        if (DurableTelemetry.ParentFrom(headers.FindText(MessageHeaders.TraceParent)) is { TraceId: var trace } context && trace != default)
        {
            _links.Add(new ActivityLink(context));
        }
    }

    /// <summary>Counts the message as read without handing it to anyone.</summary>
    public void Skip(ConsumeResult<string, byte[]> result)
    {
        _count++;
        var first = _offsets.TryGetValue(result.TopicPartition, out var seen) ? seen.First : result.Offset;
        _offsets[result.TopicPartition] = (first, result.Offset + 1);
    }

    /// <summary>
    /// A span for the batch. A single message continues its sender's trace; a batch of several belongs to many traces, so it starts its
    /// own and links to them, as the messaging conventions of OpenTelemetry ask.
    /// </summary>
    public Activity? StartActivity(string topic, string group)
    {
        var parent = _links.Count == 1 ? _links[0].Context : default;
        var activity = DurableTelemetry.Source.StartActivity(
            $"process {topic}", ActivityKind.Consumer, parent, links: _links.Count > 1 ? _links : null);
        activity?.SetTag("messaging.system", "kafka");
        activity?.SetTag("messaging.operation.type", "process");
        activity?.SetTag("messaging.operation.name", "process");
        activity?.SetTag("messaging.destination.name", topic);
        activity?.SetTag("messaging.consumer.group.name", group);
        activity?.SetTag("messaging.batch.message_count", _messages.Count);
        return activity;
    }

    public void Clear()
    {
        _messages.Clear();
        _links.Clear();
        _offsets.Clear();
        _count = 0;
    }
}
