using AppHost.Embedded.Model;
using AppHost.Embedded.Runtime;
using Npgsql;

namespace AppHost.Embedded.Servers;

/// <summary>Creates a database once its server is up, and follows the server's health from then on.</summary>
internal sealed class PostgresDatabaseWorkload(PostgresDatabaseResource database) : IWorkload
{
    public bool IsRequired => true;

    public string Source => database.DatabaseName;

    public async Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection($"{database.Server.ConnectionString};Database=postgres;Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var exists = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = database.DatabaseName } } };
        if (await exists.ExecuteScalarAsync(cancellationToken) is null)
        {
            using var quoting = new NpgsqlCommandBuilder();
            await using var create = new NpgsqlCommand($"CREATE DATABASE {quoting.QuoteIdentifier(database.DatabaseName)}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        return new Presence();
    }

    public async Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection($"{database.ConnectionString};Pooling=false;Timeout=3");
        await connection.OpenAsync(cancellationToken);
        return null;
    }
}
