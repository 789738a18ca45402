using Npgsql;
using static ResilientShop.Resilience.Durable.Sagas.SagaSql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>How the statements of <see cref="SagaSql"/> become commands.</summary>
internal static class SagaCommands
{
    public static NpgsqlCommand Command(this NpgsqlDataSource dataSource, string sql, params NpgsqlParameter[] parameters)
    {
        var command = dataSource.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        return command;
    }

    public static void Add(this NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
    }

    /// <summary>
    /// Finds a saga, under way or ended, and keeps it as it is until the transaction ends. It is null where there is none, and where its definition is not known here.
    /// </summary>
    public static async Task<(bool IsThere, SagaContext? Saga)> LockSagaAsync(
        this NpgsqlConnection connection, SagaDefinitions definitions, Guid id, CancellationToken cancellationToken)
    {
        // One that moves between two looks, ending or reopened, is met by the next.
        foreach (var sql in (string[])[FindForUpdate, FindFinishedForUpdate, FindForUpdate])
        {
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { Value(id) } };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
            {
                var definition = definitions.Find(reader.GetString(1), reader.GetInt32(2));
                return (true, definition is null ? null : Read(reader, definition));
            }
        }

        return (false, null);
    }
}
