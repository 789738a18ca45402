using AppHost.Embedded.Runtime;
using Confluent.Kafka;

namespace AppHost.Embedded.Model;

/// <summary>
/// A Kafka broker inside the AppHost: librdkafka's own in-memory cluster. It speaks the protocol on a real port, makes topics at
/// first use, and keeps groups and offsets; it forgets everything when it stops.
/// </summary>
public sealed class KafkaServerResource : Resource, IResourceWithConnectionString
{
    private volatile string? _bootstrapServers;

    internal KafkaServerResource(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    public string? ConnectionString => _bootstrapServers;

    internal override string ResourceType => "KafkaServerResource";

    internal override IWorkload CreateWorkload(EmbeddedHost host) => new Workload(this);

    private sealed class Workload(KafkaServerResource kafka) : IWorkload
    {
        public bool IsRequired => true;

        public string Source => "in-memory broker of librdkafka";

        public Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken) =>
            Task.Run<IRunningWorkload>(
                () =>
                {
                    var broker = new Broker(instance.Log);
                    kafka._bootstrapServers = broker.BootstrapServers;
                    return broker;
                },
                cancellationToken);

        public Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken) => Task.FromResult<string?>(null);
    }

    /// <summary>Lives as long as the client handle that hosts it.</summary>
    private sealed class Broker : IRunningWorkload
    {
        private static readonly TimeSpan MetadataTimeout = TimeSpan.FromSeconds(10);

        private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly IProducer<Null, Null> _handle;

        public Broker(ResourceLog log)
        {
            var config = new ProducerConfig { ClientId = "embedded-broker" };
            config.Set("test.mock.num.brokers", "1");
            _handle = new ProducerBuilder<Null, Null>(config).SetLogHandler((_, message) => log.Append(message.Message, isError: message.Level <= SyslogLevel.Error)).Build();
            using var admin = new DependentAdminClientBuilder(_handle.Handle).Build();
            var broker = admin.GetMetadata(MetadataTimeout).Brokers.Single();
            BootstrapServers = $"{broker.Host}:{broker.Port}";
            log.Append($"Broker listens on {BootstrapServers}. Messages are kept in memory until the AppHost stops.", isError: false);
        }

        public string BootstrapServers { get; }

        public int? ProcessId => null;

        public ProcessSpec? Spec => null;

        public Task<int> Exited => _exited.Task;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Kill();
            return Task.CompletedTask;
        }

        public void Kill()
        {
            _handle.Dispose();
            _exited.TrySetResult(0);
        }
    }
}

/// <summary>Adds Kafka.</summary>
public static class KafkaBuilderExtensions
{
    /// <summary>Adds a Kafka broker.</summary>
    public static IResourceBuilder<KafkaServerResource> AddKafka(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new KafkaServerResource(name));
}
