using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>A partition as the broker sees it. Immutable.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Committed">Where the group goes on; the first message that is left when it has never committed.</param>
/// <param name="End">The offset that the next message gets.</param>
internal readonly record struct PartitionEnd(int Partition, long Committed, long End);

/// <summary>Asks for the ends of a topic's partitions.</summary>
internal interface ITopicEnds : IDisposable
{
    /// <exception cref="KafkaException">The broker cannot be asked.</exception>
    Task<IReadOnlyList<PartitionEnd>> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>Asks the broker. It does not join the group. Not thread-safe.</summary>
internal sealed class KafkaTopicEnds(string bootstrapServers, string topic, string groupId, ILogger logger) : ITopicEnds
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly IConsumer<string, byte[]> _client =
        KafkaConsumerClient.Build(bootstrapServers, groupId, logger, error => KafkaLog.Write(logger, error), _ => []);

    public Task<IReadOnlyList<PartitionEnd>> ReadAsync(CancellationToken cancellationToken) => Task.Run(Read, cancellationToken);

    public void Dispose() => _client.Dispose();

    private IReadOnlyList<PartitionEnd> Read()
    {
        using var admin = new DependentAdminClientBuilder(_client.Handle).Build();
        var metadata = admin.GetMetadata(topic, Timeout).Topics.Single(one => one.Topic == topic);
        if (metadata.Error.IsError)
        {
            throw new KafkaException(metadata.Error);
        }

        var partitions = metadata.Partitions.Select(partition => new TopicPartition(topic, partition.PartitionId)).ToList();
        return [.. _client.Committed(partitions, Timeout).Select(ReadPartition)];
    }

    private PartitionEnd ReadPartition(TopicPartitionOffset committed)
    {
        var marks = _client.QueryWatermarkOffsets(committed.TopicPartition, Timeout);
        return new PartitionEnd(committed.Partition.Value, committed.Offset == Offset.Unset ? marks.Low.Value : committed.Offset.Value, marks.High.Value);
    }
}
