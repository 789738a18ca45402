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
    /// <summary>Adds a definition and, once, what drives sagas. Inject <see cref="SagaClient"/> to use them.</summary>
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
            provider.GetRequiredService<SagaOptions>().Lease));
        services.AddSingleton(provider => new SagaClient(
            provider.GetRequiredService<ISagaStore>(),
            provider.GetRequiredService<SagaDefinitions>(),
            provider.GetRequiredService<SagaQueue>(),
            provider.GetRequiredService<SagaWaiters>()));
        services.AddHostedService<SagaCoordinator>();
        return services;
    }
}
