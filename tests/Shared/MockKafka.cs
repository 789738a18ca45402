using Confluent.Kafka;

namespace Tests;

/// <summary>
/// librdkafka's own in-memory cluster: the real protocol on a loopback port, without a broker process. It lives as long as this object.
/// </summary>
public sealed class MockKafka : IDisposable
{
    private readonly IProducer<Null, Null> _host;

    public MockKafka()
    {
        // The cluster belongs to the client that asked for it.
        var config = new ClientConfig();
        config.Set("test.mock.num.brokers", "1");
        config.Set("bootstrap.servers", "mock");
        _host = new ProducerBuilder<Null, Null>(config).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(_host.Handle).Build();
        var broker = admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers[0];
        BootstrapServers = $"{broker.Host}:{broker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
    }

    public string BootstrapServers { get; }

    /// <summary>Reads a topic from its beginning until <paramref name="enough"/> is true of what was read.</summary>
    public async Task<IReadOnlyList<ConsumeResult<string, byte[]>>> ReadAsync(
        string topic, Func<IReadOnlyList<ConsumeResult<string, byte[]>>, bool> enough, CancellationToken cancellationToken)
    {
        using var consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig
        {
            BootstrapServers = BootstrapServers,
            GroupId = Guid.NewGuid().ToString(),
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            AllowAutoCreateTopics = true,
            TopicMetadataRefreshIntervalMs = 100,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Subscribe(topic);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var read = new List<ConsumeResult<string, byte[]>>();
        while (!enough(read))
        {
            if (Next(consumer) is { } result)
            {
                read.Add(result);
            }
            else
            {
                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }

        consumer.Close();
        return read;
    }

    private static ConsumeResult<string, byte[]>? Next(IConsumer<string, byte[]> consumer)
    {
        try
        {
            return consumer.Consume(TimeSpan.Zero);
        }
        catch (ConsumeException exception) when (exception.Error.Code == ErrorCode.UnknownTopicOrPart)
        {
            // Its first message creates it.
            return null;
        }
    }

    public void Dispose() => _host.Dispose();
}
