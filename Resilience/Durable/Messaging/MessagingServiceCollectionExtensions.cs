using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

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
    /// Adds a consumer that hands messages to <typeparamref name="THandler"/>, and a <see cref="ConsumerStatus"/> keyed by topic.
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
        services.TryAddSingleton<THandler>();
        services.AddSingleton<IHostedService>(provider => new KafkaConsumer<T>(
            BootstrapServers(provider, kafkaConnectionName),
            options,
            ServiceName(provider, options),
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredService<THandler>(),
            provider.GetService<Outbox>() ?? throw ConsumerSchema.NoOutbox(options.Topic),
            status,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KafkaConsumer<T>>>()));
        return services;
    }

    private static string ServiceName(IServiceProvider provider, KafkaConsumerOptions options) =>
        new[] { options.ServiceName, provider.GetService<IConfiguration>()?["OTEL_SERVICE_NAME"], provider.GetService<IHostEnvironment>()?.ApplicationName }
            .FirstOrDefault(name => !string.IsNullOrWhiteSpace(name)) ?? options.GroupId;

    private static string BootstrapServers(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IConfiguration>().GetConnectionString(name) is { Length: > 0 } servers
            ? servers
            : throw new InvalidOperationException($"Connection string '{name}' is missing. Set ConnectionStrings__{name} to the brokers, for example localhost:9092.");
}
