using Npgsql;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>
/// Fills the tables as years of work leave them: each saga inserted, changed by every step and ended, so that their pages have the holes and the map of free space
/// that they have in life.
/// </summary>
internal static class FinishedSagas
{
    private const int Batch = 200;

    /// <summary>Each batch is a transaction a step; what the rows hold is copied from a saga that has really ended.</summary>
    private static string Fill(int batches) => FormattableString.Invariant(
        $$"""
        DO $fill$
        DECLARE
          model durable.finished_sagas;
        BEGIN
          SELECT * INTO model FROM durable.finished_sagas LIMIT 1;
          CREATE TEMP TABLE IF NOT EXISTS filling (id uuid);
          FOR batch IN 1..{{batches}} LOOP
            TRUNCATE filling;
            INSERT INTO filling SELECT gen_random_uuid() FROM generate_series(1, {{Batch}});
            INSERT INTO durable.sagas (id, definition, version, status, step, epoch, owner, lease_until, data, history)
              SELECT id, model.definition, model.version, 'running', 0, 1, 'somebody', now() + interval '1 hour', model.data, model.history[1:1] FROM filling;
            COMMIT;
            FOR done IN 1..2 LOOP
              UPDATE durable.sagas SET step = done, history = model.history[1:done + 1], updated_at = now() WHERE id IN (SELECT id FROM filling);
              COMMIT;
            END LOOP;
            PERFORM durable.saga_transition(id, 1, 'completed', 2, NULL, NULL, model.history[3:], false) FROM filling;
            COMMIT;
          END LOOP;
        END $fill$
        """);

    public static async Task StoreAsync(NpgsqlDataSource database, int count)
    {
        const int Parts = 20;
        await using var connection = await database.OpenConnectionAsync();
        for (var part = 1; part <= Parts; part++)
        {
            await ExecuteAsync(connection, Fill(count / Parts / Batch));
            await Console.Error.WriteAsync(FormattableString.Invariant($"\r{(long)count * part / Parts:N0} finished sagas stored "));
        }

        await Console.Error.WriteLineAsync();
        await ExecuteAsync(connection, "VACUUM ANALYZE durable.sagas, durable.finished_sagas");
        await ExecuteAsync(connection, "CHECKPOINT");
        await using var command = new NpgsqlCommand("SELECT count(*) FROM durable.finished_sagas", connection);
        var stored = (long)(await command.ExecuteScalarAsync())!;
        if (stored < count)
        {
            throw new InvalidOperationException($"{stored} of {count} sagas were stored");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
