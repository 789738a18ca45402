using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ResilientShop.Resilience.Durable.Idempotency;

/// <summary>Registers the PostgreSQL store. It uses the registered <see cref="Npgsql.NpgsqlDataSource"/>.</summary>
public static class PostgresIdempotencyServiceCollectionExtensions
{
    /// <summary>
    /// Keeps idempotency keys and answers in PostgreSQL and deletes the old ones. The schema is <see cref="DurableSchema.Idempotency"/>; add it
    /// to the service's migrations.
    /// </summary>
    /// <param name="services">The service's registrations.</param>
    /// <param name="configure">Applied after configuration section <c>Idempotency</c>.</param>
    public static IServiceCollection AddPostgresIdempotency(this IServiceCollection services, Action<PostgresIdempotencyOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<PostgresIdempotencyOptions>()
            .BindConfiguration("Idempotency")
            .Configure(configure ?? (_ => { }))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton<PostgresIdempotencyStore>();
        services.TryAddSingleton<IIdempotencyStore>(provider => provider.GetRequiredService<PostgresIdempotencyStore>());
        services.AddHostedService<IdempotencyCleaner>();
        return services;
    }
}
