using Microsoft.Extensions.Logging;
using Resilience.Tests.IdempotencyKeys;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Messaging;

/// <summary>A consumer that runs until it is disposed.</summary>
internal sealed class RunningConsumer : IAsyncDisposable
{
    private readonly KafkaConsumer<string> _consumer;
    private readonly OutboxSignal _signal = new();
    private readonly ILoggerFactory _loggers;

    private RunningConsumer(MessagingWorld world, MockKafka kafka, IMessageHandler<string> handler, KafkaConsumerOptions options, ResilienceMetrics? metrics)
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(Logs));
        _consumer = new KafkaConsumer<string>(
            kafka.BootstrapServers,
            options,
            "trips-service",
            world.DataSource,
            handler,
            new Outbox(_signal),
            Status,
            new ReleaseComparison(options, metrics),
            TimeProvider.System,
            new Logger<KafkaConsumer<string>>(_loggers));
    }

    public ConsumerStatus Status { get; } = new();

    public CollectedLogs Logs { get; } = new();

    public static async Task<RunningConsumer> StartAsync(
        MessagingWorld world, MockKafka kafka, IMessageHandler<string>? handler = null, Action<KafkaConsumerOptions>? configure = null, ResilienceMetrics? metrics = null)
    {
        var options = new KafkaConsumerOptions
        {
            Topic = "trips",
            GroupId = "test",
            PollInterval = TimeSpan.FromMilliseconds(5),
            MaxBackoff = TimeSpan.FromMilliseconds(20),
        };
        configure?.Invoke(options);
        var consumer = new RunningConsumer(world, kafka, handler ?? new EffectHandler(), options, metrics);
        await consumer._consumer.StartAsync(MessagingWorld.Cancel);
        return consumer;
    }

    public async ValueTask DisposeAsync()
    {
        await _consumer.StopAsync(CancellationToken.None);
        _consumer.Dispose();
        _signal.Dispose();
        _loggers.Dispose();
    }
}
