using Npgsql;
using NpgsqlTypes;
using static ResilientShop.Resilience.Durable.Sagas.SagaSql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Sagas in PostgreSQL. Leases run on the server's clock, so the clocks of instances need not agree. Thread-safe.</summary>
internal sealed class PostgresSagaStore(NpgsqlDataSource dataSource, SagaDefinitions definitions, SagaOwner owner, TimeSpan lease) : ISagaStore
{
    private const string FencedState = "SG001";
    private const string CancelRequestedState = "SG002";

    public async Task InsertAsync(SagaContext saga, LocalStatements? local, CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        Add(
            batch,
            Insert,
            Value(saga.Id),
            Value(saga.Definition.Name),
            Value(saga.Definition.Version),
            Value(owner.Name),
            Value(lease),
            Text(saga.TraceParent),
            new NpgsqlParameter { Value = saga.Json, NpgsqlDbType = NpgsqlDbType.Json });
        local?.Invoke(batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken) =>
        UpdateAsync(saga, Command(Advance, Value(saga.Id), Value(saga.Epoch), Value(saga.Status.ToName()), Value(saga.Step)), cancellationToken);

    public Task<WriteResult> RecordFailureAsync(
        SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, CancellationToken cancellationToken) =>
        UpdateAsync(
            saga,
            Command(
                RecordFailure,
                Value(saga.Id),
                Value(saga.Epoch),
                Value(saga.Status.ToName()),
                Value(saga.Attempts),
                Value(delay),
                Text(outcome.Code),
                Text(outcome.Detail),
                Value(release)),
            cancellationToken);

    public async Task<WriteResult> TransitionAsync(
        SagaContext saga, SagaTransition transition, LocalStatements? local, CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        Add(
            batch,
            Transition,
            Value(saga.Id),
            Value(saga.Epoch),
            Value(transition.Status.ToName()),
            Value(transition.Step),
            Text(transition.FailureCode),
            Text(transition.FailureDetail));
        local?.Invoke(batch);
        try
        {
            saga.EndedAt = await ExecuteAsync(batch, cancellationToken);
            return WriteResult.Written;
        }
        catch (PostgresException exception) when (exception.SqlState == FencedState)
        {
            return WriteResult.Fenced;
        }
        catch (PostgresException exception) when (exception.SqlState == CancelRequestedState)
        {
            return await ReadCancellationAsync(saga, cancellationToken);
        }
    }

    public async Task<IReadOnlyList<SagaContext>> ClaimAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(
            Claim, Value(limit), Value(definitions.Names), Value(definitions.Versions), Value(owner.Name), Value(lease));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sagas = new List<SagaContext>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var saga = Read(reader, definitions);
            saga.TakenOver = true;
            sagas.Add(saga);
        }

        return sagas;
    }

    public async Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyCollection<SagaContext> sagas, CancellationToken cancellationToken)
    {
        await using var command = Command(
            Renew, Value(sagas.Select(saga => saga.Id).ToArray()), Value(sagas.Select(saga => saga.Epoch).ToArray()), Value(lease), Value(owner.Name));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var owned = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
        {
            owned.Add(reader.GetGuid(0));
        }

        return owned;
    }

    public async Task ReleaseAllAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(ReleaseAll, Value(owner.Name));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<SagaResult>> FindFinishedAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = Command(FindFinished, Value(ids));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var results = new List<SagaResult>();
        while (await reader.ReadAsync(cancellationToken))
        {
            results.Add(new SagaResult(
                reader.GetGuid(0), SagaStatusNames.Parse(reader.GetString(1)), NullableText(reader, 2), NullableText(reader, 3), reader.GetFieldValue<DateTimeOffset>(4)));
        }

        return results;
    }

    public async Task<(SagaCancellation Outcome, SagaContext? Reopened)> CancelAsync(
        Guid id, string code, string detail, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var saga = await LockAsync(connection, id, cancellationToken);
        var outcome = saga?.Status switch
        {
            null => SagaCancellation.NotFound,
            SagaStatus.Compensated => SagaCancellation.AlreadyCompensated,
            SagaStatus.Compensating or SagaStatus.Stuck => SagaCancellation.AlreadyCompensating,
            SagaStatus.Completed => SagaCancellation.Reopened,
            _ => SagaCancellation.Requested,
        };
        if (outcome is not (SagaCancellation.Requested or SagaCancellation.Reopened))
        {
            return (outcome, null);
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        if (outcome == SagaCancellation.Requested)
        {
            Add(batch, RequestCancel, Value(id), Value(code), Value(detail));
        }
        else
        {
            saga!.Status = SagaStatus.Compensating;
            saga.Step = saga.Definition.Steps.Count;
            saga.Attempts = 0;
            saga.Epoch++;
            (saga.FailureCode, saga.FailureDetail) = (code, detail);
            Add(batch, Reopen, Value(id), Value(saga.Step), Value(owner.Name), Value(lease), Value(code), Value(detail));
        }

        saga!.Definition.Closing?.Compensate(saga, batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (outcome, outcome == SagaCancellation.Reopened ? saga : null);
    }

    private static async Task<DateTimeOffset> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var at = reader.GetFieldValue<DateTimeOffset>(0);
        while (await reader.NextResultAsync(cancellationToken))
        {
            // A statement that failed says so only when its result is asked for.
            await reader.ReadAsync(cancellationToken);
        }

        return at;
    }

    private async Task<SagaContext?> LockAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FindForUpdate, connection) { Parameters = { Value(id) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader, definitions) : null;
    }

    private static async Task<WriteResult> UpdateAsync(SagaContext saga, NpgsqlCommand update, CancellationToken cancellationToken)
    {
        await using var command = update;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? NoteCancellation(saga, reader) : WriteResult.Fenced;
    }

    private async Task<WriteResult> ReadCancellationAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        await using var command = Command(FindCancellation, Value(saga.Id), Value(saga.Epoch));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? NoteCancellation(saga, reader) : WriteResult.Fenced;
    }

    private static WriteResult NoteCancellation(SagaContext saga, NpgsqlDataReader reader)
    {
        saga.CancelCode = NullableText(reader, 0);
        saga.CancelDetail = NullableText(reader, 1);
        return saga.Status == SagaStatus.Running && saga.CancelCode is not null ? WriteResult.CancelRequested : WriteResult.Written;
    }

    private NpgsqlCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = dataSource.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private static void Add(NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
    }
}
