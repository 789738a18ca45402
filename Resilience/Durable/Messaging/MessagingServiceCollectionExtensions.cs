using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Registers the outbox and consumers. Both use the registered <see cref="NpgsqlDataSource"/>.</summary>
public static class MessagingServiceCollectionExtensions
{
    /// <summary>
    /// Adds the <see cref="Outbox"/> and its relay to the Kafka cluster of connection string <paramref name="kafkaConnectionName"/>.
    /// The schema is <see cref="DurableSchema.Outbox"/>.
    /// </summary>
    public static IServiceCollection AddOutbox(this IServiceCollection services, string kafkaConnectionName = "kafka")
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<OutboxOptions>().BindConfiguration("Outbox").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<OutboxSignal>();
        services.TryAddSingleton<OutboxMetrics>();
        services.TryAddSingleton(provider => new Outbox(provider.GetRequiredService<OutboxSignal>()));
        services.TryAddSingleton<IOutboxPublisher>(provider => new KafkaOutboxPublisher(
            BootstrapServers(provider, kafkaConnectionName),
            provider.GetRequiredService<IOptions<OutboxOptions>>().Value.AcknowledgeTimeout,
            provider.GetRequiredService<ILogger<KafkaOutboxPublisher>>()));
        services.AddHostedService<OutboxRelay>();
        services.AddHostedService<OutboxWatch>();
        return services;
    }

    /// <summary>
    /// Adds a consumer that hands messages to <typeparamref name="THandler"/>, and keyed by topic its <see cref="ConsumerStatus"/> and the
    /// <see cref="ConsumerSplits"/> that release its canary.
    /// The schema is <see cref="DurableSchema.Inbox"/>. What cannot be handled goes to the dead letters, so <see cref="AddOutbox"/> and its
    /// <see cref="DurableSchema.Outbox"/> are needed too; without them the host does not start.
    /// </summary>
    /// <exception cref="ValidationException">The options are not valid.</exception>
    public static IServiceCollection AddKafkaConsumer<T, THandler>(
        this IServiceCollection services, Action<KafkaConsumerOptions> configure, string kafkaConnectionName = "kafka")
        where THandler : class, IMessageHandler<T>
    {
        var options = new KafkaConsumerOptions();
        configure(options);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);

        var status = new ConsumerStatus();
        services.TryAddSingleton(TimeProvider.System);
        services.AddKeyedSingleton(options.Topic, status);
        services.AddKeyedSingleton(options.Topic, (provider, _) => new ConsumerSplits(
            BootstrapServers(provider, kafkaConnectionName),
            provider.GetRequiredService<NpgsqlDataSource>(),
            options.Topic,
            options.GroupId,
            provider.GetRequiredService<ILogger<ConsumerSplits>>()));
        services.TryAddSingleton<THandler>();
        services.AddSingleton<IHostedService>(provider => new KafkaConsumer<T>(
            BootstrapServers(provider, kafkaConnectionName),
            options,
            ServiceName(provider, options.ServiceName) ?? options.GroupId,
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredService<THandler>(),
            provider.GetService<Outbox>() ?? throw ConsumerSchema.NoOutbox(options.Topic),
            status,
            new ReleaseComparison(options, provider.GetService<ResilienceMetrics>()),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KafkaConsumer<T>>>()));
        return services;
    }

    /// <summary>
    /// Sends a dead letter (<see cref="DeadLetter"/>) for each saga of which a step keeps failing, in the transaction that marks the saga. It needs
    /// <see cref="AddOutbox"/> and <see cref="DurableSchema.Outbox"/> in the database of the sagas.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceName">Who fails, in the letters; the setting <c>OTEL_SERVICE_NAME</c> or the application's name when null.</param>
    public static IServiceCollection AddSagaDeadLetters(this IServiceCollection services, string? serviceName = null) =>
        services.AddSingleton<IStuckSagaListener>(provider => new StuckSagaLetters(
            provider.GetRequiredService<Outbox>(), ServiceName(provider, serviceName) ?? "sagas", provider.GetRequiredService<TimeProvider>()));

    private static string? ServiceName(IServiceProvider provider, string? given) =>
        new[] { given, provider.GetService<IConfiguration>()?["OTEL_SERVICE_NAME"], provider.GetService<IHostEnvironment>()?.ApplicationName }
            .FirstOrDefault(name => !string.IsNullOrWhiteSpace(name));

    private static string BootstrapServers(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IConfiguration>().GetConnectionString(name) is { Length: > 0 } servers
            ? servers
            : throw new InvalidOperationException($"Connection string '{name}' is missing. Set ConnectionStrings__{name} to the brokers, for example localhost:9092.");
}
