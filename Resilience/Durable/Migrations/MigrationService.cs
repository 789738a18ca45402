using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace ResilientShop.Resilience.Durable.Migrations;

/// <summary>
/// Runs the migrations before any other hosted service starts and before the server listens, so nothing ever sees an old schema
/// and a service that answers is a service whose database is ready.
/// </summary>
internal sealed class MigrationService(DatabaseMigrator migrator, IConfiguration configuration, string connectionName) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        var connectionString = configuration.GetConnectionString(connectionName);
        return string.IsNullOrWhiteSpace(connectionString)
            ? throw new InvalidOperationException($"Connection string '{connectionName}' is missing. Set ConnectionStrings__{connectionName}.")
            : migrator.MigrateAsync(connectionString, cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
