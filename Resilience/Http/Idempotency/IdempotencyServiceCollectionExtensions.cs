using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ResilientShop.Resilience.Http;

/// <summary>Registers what idempotent endpoints need.</summary>
public static class IdempotencyServiceCollectionExtensions
{
    /// <summary>
    /// Adds what <see cref="IdempotencyApplicationBuilderExtensions.UseIdempotency"/> needs, except the store: add <c>AddPostgresIdempotency</c> of
    /// ResilientShop.Resilience.Durable, or <see cref="AddInMemoryIdempotency"/>.
    /// </summary>
    /// <param name="services">The service's registrations.</param>
    /// <param name="configure">Applied after configuration section <c>Idempotency</c>.</param>
    public static IServiceCollection AddIdempotency(this IServiceCollection services, Action<IdempotencyOptions>? configure = null)
    {
        services.AddOptions<IdempotencyOptions>()
            .BindConfiguration("Idempotency")
            .Configure(configure ?? (_ => { }))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddMetrics();
        services.TryAddSingleton<IdempotencyMetrics>();
        return services;
    }

    /// <summary>
    /// Keeps keys and answers in this process. Only for tests, and for a service that runs as one instance and may forget when it restarts.
    /// </summary>
    public static IServiceCollection AddInMemoryIdempotency(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IIdempotencyStore>(provider => new InMemoryIdempotencyStore(provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
