using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>A database with idempotency keys, and tables without any constraint that would hide a second effect.</summary>
internal sealed class IdempotencyDatabase : IAsyncDisposable
{
    private const string Effects =
        """
        CREATE TABLE orders (key text NOT NULL, id uuid NOT NULL);
        CREATE TABLE charges (key text NOT NULL, order_id uuid NOT NULL, amount numeric NOT NULL);
        """;

    private IdempotencyDatabase(NpgsqlDataSource dataSource) => DataSource = dataSource;

    public NpgsqlDataSource DataSource { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<IdempotencyDatabase> CreateAsync(PostgresServer server)
    {
        var database = await server.CreateDatabaseAsync();
        await new DatabaseMigrator(
            [.. DurableSchema.Idempotency, new MigrationScript("effects.sql", Effects)],
            new MigrationOptions(),
            TimeProvider.System,
            NullLogger<DatabaseMigrator>.Instance).MigrateAsync(database, Cancel);
        return new IdempotencyDatabase(NpgsqlDataSource.Create(database + ";Max Auto Prepare=20"));
    }

    public PostgresIdempotencyStore CreateStore(TimeSpan retention) =>
        new(DataSource, Options.Create(new PostgresIdempotencyOptions { Retention = retention }), TimeProvider.System);

    /// <summary>Makes everything in the table older: leases and retention run on the server's clock.</summary>
    public async Task ForwardAsync(TimeSpan time)
    {
        await using var command = DataSource.CreateCommand(
            "UPDATE durable.idempotency_keys SET claimed_at = claimed_at - $1, lease_until = lease_until - $1");
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = time });
        await command.ExecuteNonQueryAsync(Cancel);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancel))!;
    }

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
