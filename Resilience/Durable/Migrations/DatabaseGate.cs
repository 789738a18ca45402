using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Migrations;

/// <summary>
/// Opens the first connection to a database that may not be there yet: waits, bounded, while the server starts,
/// and creates the database when it is missing and the role may.
/// </summary>
internal sealed partial class DatabaseGate(MigrationOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>Returns an open connection outside the pool, or throws what kept it from opening.</summary>
    /// <exception cref="TimeoutException">The server could not be reached within <see cref="MigrationOptions.WaitForServer"/>.</exception>
    public async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        var deadline = Deadline.After(options.WaitForServer, time);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await OpenOrCreateAsync(settings, cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsPassing())
            {
                var wait = Backoff.WithJitter(
                    Backoff.Exponential(options.BaseDelay, options.MaxDelay, attempt), Backoff.DefaultJitterFactor, Random.Shared.NextDouble());
                if (deadline.Remaining < wait)
                {
                    throw new TimeoutException(
                        $"PostgreSQL at {settings.Host}:{settings.Port} did not accept a connection within {options.WaitForServer.TotalSeconds:0.#} s: {exception.Message}", exception);
                }

                if (attempt == 0)
                {
                    LogWaiting(settings.Host, settings.Port, options.WaitForServer.TotalSeconds, exception.Message);
                }

                await Task.Delay(wait, time, cancellationToken);
            }
        }
    }

    private async Task<NpgsqlConnection> OpenOrCreateAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenExistingAsync(settings, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            await CreateAsync(settings, cancellationToken);
            return await OpenExistingAsync(settings, cancellationToken);
        }
    }

    private static async Task<NpgsqlConnection> OpenExistingAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task CreateAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken)
    {
        var database = settings.Database!;
        var maintenance = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Database = "postgres" };
        await using var connection = await OpenExistingAsync(maintenance, cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE \"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
            LogCreated(database);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another replica created it between our two looks.
            LogCreatedElsewhere(database);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InvalidOperationException(
                $"Database '{database}' does not exist and role '{settings.Username}' may not create it. Create it, or grant CREATEDB.", exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "PostgreSQL at {Host}:{Port} is not ready; waiting up to {Seconds} s ({Reason})")]
    private partial void LogWaiting(string? host, int port, double seconds, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Created database {Database}")]
    private partial void LogCreated(string database);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Database {Database} was created by another replica")]
    private partial void LogCreatedElsewhere(string database);
}
