using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// A transaction during which no batch of either group is under way: those before it have committed, those after it see what it writes. Not
/// thread-safe.
/// </summary>
internal sealed class SplitChange : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private SplitChange(NpgsqlConnection connection, NpgsqlTransaction transaction, SplitPlan plan) =>
        (_connection, _transaction, Plan) = (connection, transaction, plan);

    /// <summary>What was said until now.</summary>
    public SplitPlan Plan { get; }

    /// <exception cref="TimeoutException">A batch took longer than <paramref name="patience"/>; nothing has changed.</exception>
    public static async Task<SplitChange> BeginAsync(NpgsqlDataSource dataSource, SplitTable table, TimeSpan patience, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);

            // The canary first: while one that hangs is waited for, the stable group goes on.
            await LockAsync(connection, transaction, table.LockKey(isCanary: true), patience, cancellationToken);
            await LockAsync(connection, transaction, table.LockKey(isCanary: false), patience, cancellationToken);
            return new SplitChange(connection, transaction, await table.ReadAsync(connection, cancellationToken));
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await connection.DisposeAsync();
            throw new TimeoutException($"A batch of the consumer or of its canary has been under way for longer than {patience.TotalSeconds:0.#} s.", exception);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Ends the sessions of batches that are under way. Their transactions are rolled back and their messages handled again, so nothing is lost but
    /// their work.
    /// </summary>
    public static async Task EndBatchesAsync(NpgsqlDataSource dataSource, SplitTable table, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objsubid = 1
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (classid::bigint << 32) | objid::bigint = ANY ($1)
            """);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [table.LockKey(isCanary: true), table.LockKey(isCanary: false)] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task CommitAsync(IEnumerable<NpgsqlBatchCommand> commands, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(_connection, _transaction);
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await _transaction.CommitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static async Task LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, long key, TimeSpan patience, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("SELECT set_config('lock_timeout', $1, true)")
                {
                    Parameters = { new NpgsqlParameter<string> { TypedValue = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{patience.TotalMilliseconds:0}ms") } },
                },
                new NpgsqlBatchCommand("SELECT pg_advisory_xact_lock($1)") { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
