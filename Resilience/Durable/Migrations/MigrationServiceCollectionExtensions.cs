using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ResilientShop.Resilience.Durable.Migrations;

/// <summary>Registers schema migrations.</summary>
public static class MigrationServiceCollectionExtensions
{
    /// <summary>
    /// Applies <paramref name="scripts"/>, in the order given, to the database of connection string <paramref name="connectionName"/>
    /// when the host starts, before its other hosted services and before it listens.
    /// </summary>
    public static IServiceCollection AddMigrations(this IServiceCollection services, string connectionName, params IEnumerable<MigrationScript>[] scripts)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<MigrationOptions>().BindConfiguration("Migrations").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IHostedService>(provider => new MigrationService(
            new DatabaseMigrator(
                scripts.SelectMany(set => set),
                provider.GetRequiredService<IOptions<MigrationOptions>>().Value,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<DatabaseMigrator>>()),
            provider.GetRequiredService<IConfiguration>(),
            connectionName));
        return services;
    }
}
