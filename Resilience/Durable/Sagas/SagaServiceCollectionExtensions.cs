using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Registers sagas. They use the registered <see cref="NpgsqlDataSource"/>; the schema is <see cref="DurableSchema.Sagas"/>.</summary>
public static class SagaServiceCollectionExtensions
{
    /// <summary>
    /// Adds a definition and, once, what drives sagas. Inject <see cref="SagaClient"/> to use them, <see cref="SagaOperations"/> to look after them. A definition
    /// that makes no sense ends the start with a <see cref="SagaDefinitionException"/>.
    /// </summary>
    public static IServiceCollection AddSaga(this IServiceCollection services, Func<IServiceProvider, SagaDefinition> definition)
    {
        services.AddSingleton(definition);
        if (services.Any(service => service.ServiceType == typeof(SagaClient)))
        {
            return services;
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<SagaOptions>().BindConfiguration("Sagas").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<SagaOptions>>().Value);
        services.AddSingleton(SagaOwner.ThisProcess());
        services.AddSingleton(provider => new SagaDefinitions(provider.GetServices<SagaDefinition>()));
        services.AddSingleton<SagaQueue>();
        services.AddSingleton<SagaWaiters>();
        services.AddSingleton<SagaEngine>();
        services.AddSingleton<ISagaStore>(provider => new PostgresSagaStore(
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredService<SagaDefinitions>(),
            provider.GetRequiredService<SagaOwner>(),
            provider.GetRequiredService<SagaOptions>().Lease,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ISagaProgress>(provider => provider.GetRequiredService<ISagaStore>());
        services.AddSingleton<ISagaRecords>(provider =>
            new PostgresSagaRecords(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<SagaDefinitions>()));
        services.AddSingleton<SagaRegistration>();
        services.AddSingleton<SagaGauges>();
        services.AddSingleton(provider => new SagaClient(
            provider.GetRequiredService<ISagaStore>(),
            provider.GetRequiredService<ISagaRecords>(),
            provider.GetRequiredService<SagaDefinitions>(),
            provider.GetRequiredService<SagaRegistration>(),
            provider.GetRequiredService<SagaQueue>(),
            provider.GetRequiredService<SagaWaiters>(),
            provider.GetRequiredService<SagaOwner>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SagaOperations(
            provider.GetRequiredService<ISagaRecords>(),
            provider.GetRequiredService<SagaOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SagaOperations>>()));
        services.AddHostedService<SagaCoordinator>();
        return services;
    }
}
