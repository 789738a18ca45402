using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Migrations;

/// <summary>
/// Brings a database to the schema its scripts describe. Every script runs once, in order, in a transaction of its own. An advisory lock
/// lets any number of replicas start at the same time: one works, the others wait and find nothing left to do. Thread-safe.
/// </summary>
public sealed partial class DatabaseMigrator
{
    // Any constant will do, as long as every version of this class uses the same one.
    private const long LockKey = 0x5265_7369_6C69_656E;

    /// <summary>A server that dies under the migrations so often does not die by accident.</summary>
    private const int MaxAttempts = 10;

    private readonly IReadOnlyList<MigrationScript> _scripts;
    private readonly DatabaseGate _gate;
    private readonly ILogger _logger;

    /// <summary>A migrator for <paramref name="scripts"/>, which are applied in the order given.</summary>
    /// <exception cref="ArgumentException">Two scripts have the same name.</exception>
    public DatabaseMigrator(IEnumerable<MigrationScript> scripts, MigrationOptions options, TimeProvider time, ILogger<DatabaseMigrator> logger)
    {
        _scripts = [.. scripts];
        _gate = new DatabaseGate(options, time, logger);
        _logger = logger;
        var twice = _scripts.GroupBy(script => script.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw new ArgumentException($"Two migration scripts are named '{twice.Key}'.", nameof(scripts));
        }
    }

    /// <summary>Applies the scripts that are missing; creates the database when it does not exist. Begins again when the server dies meanwhile.</summary>
    /// <returns>How many scripts were applied by this call, since the server last died.</returns>
    /// <exception cref="InvalidOperationException">A script that was applied before has been edited since, or the database cannot be created.</exception>
    /// <exception cref="TimeoutException">The server could not be reached in time.</exception>
    /// <exception cref="PostgresException">A script failed; it left nothing behind.</exception>
    public async Task<int> MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await _gate.OpenAsync(connectionString, cancellationToken);
                return await MigrateAsync(connection, cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsPassing() && attempt < MaxAttempts)
            {
                // Each script is a transaction of its own with its record: what was applied is not applied again.
                LogInterrupted(attempt, MaxAttempts, exception.Message);
            }
        }
    }

    private async Task<int> MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({LockKey})", cancellationToken);
        try
        {
            return await ApplyMissingAsync(connection, cancellationToken);
        }
        finally
        {
            // Closing the connection would release it as well, but only once the server notices. A lost one has released it.
            if (connection.State == ConnectionState.Open)
            {
                await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({LockKey})", CancellationToken.None);
            }
        }
    }

    private async Task<int> ApplyMissingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var applied = await ReadAppliedAsync(connection, cancellationToken);
        foreach (var script in _scripts)
        {
            if (applied.TryGetValue(script.Name, out var hash) && hash != script.Hash)
            {
                throw new InvalidOperationException(
                    $"Migration '{script.Name}' was applied to database '{connection.Database}' and edited afterwards (applied {hash[..12]}, now {script.Hash[..12]}). "
                    + "Restore the script as it was and put the change into a new one.");
            }
        }

        var missing = _scripts.Where(script => !applied.ContainsKey(script.Name)).ToList();
        foreach (var script in missing)
        {
            await ApplyAsync(connection, script, cancellationToken);
            LogApplied(script.Name, connection.Database);
        }

        return missing.Count;
    }

    private static async Task<Dictionary<string, string>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Not IF NOT EXISTS alone: it would answer every later start with a notice.
        await ExecuteAsync(
            connection,
            """
            DO $$ BEGIN
              IF to_regclass('public.schema_migrations') IS NULL THEN
                CREATE TABLE public.schema_migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
              END IF;
            END $$
            """,
            cancellationToken);

        await using var command = new NpgsqlCommand("SELECT name, hash FROM public.schema_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            applied.Add(reader.GetString(0), reader.GetString(1));
        }

        return applied;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, MigrationScript script, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, script.Sql, cancellationToken);
        await using var record = new NpgsqlCommand("INSERT INTO public.schema_migrations (name, hash) VALUES ($1, $2)", connection, transaction)
        {
            Parameters = { new() { Value = script.Name }, new() { Value = script.Hash } },
        };
        await record.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        // No command timeout: waiting for another replica's migrations is legitimate, and cancellation still ends it.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Migrations were interrupted (attempt {Attempt} of {MaxAttempts}) and begin again: {Reason}")]
    private partial void LogInterrupted(int attempt, int maxAttempts, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied migration {Script} to database {Database}")]
    private partial void LogApplied(string script, string database);
}
