using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>The client library's consumer, set up for one that commits offsets itself, after the effect.</summary>
internal static class KafkaConsumerClient
{
    private static readonly TimeSpan LongestQuestion = TimeSpan.FromSeconds(1);

    /// <param name="bootstrapServers">The brokers.</param>
    /// <param name="groupId">The group.</param>
    /// <param name="logger">Gets what the client says.</param>
    /// <param name="onError">Gets its errors.</param>
    /// <param name="onAssigned">Gets the partitions that are read from now on, and says from where.</param>
    public static IConsumer<string, byte[]> Build(
        string bootstrapServers,
        string groupId,
        ILogger logger,
        Action<Error> onError,
        Func<IReadOnlyList<TopicPartition>, IEnumerable<TopicPartitionOffset>> onAssigned) =>
        new ConsumerBuilder<string, byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrapServers,
            GroupId = groupId,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AllowAutoCreateTopics = true,
            SessionTimeoutMs = 10_000,
            HeartbeatIntervalMs = 2_000,
            ReconnectBackoffMaxMs = 2_000,
            TopicMetadataRefreshIntervalMs = 5_000,
            FetchWaitMaxMs = 100,
            QueuedMinMessages = 1_000,
            QueuedMaxMessagesKbytes = 8 * 1024,
            SocketKeepaliveEnable = true,
        })
        .SetLogHandler((_, message) => KafkaLog.Write(logger, message))
        .SetErrorHandler((_, error) => onError(error))
        .SetPartitionsAssignedHandler((_, partitions) => onAssigned(partitions))
        .Build();

    /// <summary>
    /// Asks for a topic, so that brokers that create topics on first use create it now. A consumer that subscribes to one that is not there looks again only at the next refresh, and
    /// the topic's first message would wait for that. What cannot be asked is left to that refresh.
    /// </summary>
    public static void MakeKnown(IConsumer<string, byte[]> consumer, string topic)
    {
        try
        {
            using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
            admin.GetMetadata(topic, LongestQuestion);
        }
        catch (KafkaException)
        {
            // No broker answers; the consumer itself says so.
        }
    }
}
