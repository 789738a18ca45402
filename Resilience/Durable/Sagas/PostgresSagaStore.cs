using Npgsql;
using NpgsqlTypes;
using static ResilientShop.Resilience.Durable.Sagas.SagaSql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Sagas in PostgreSQL. Leases run on the server's clock, so the clocks of instances need not agree. Thread-safe.</summary>
internal sealed class PostgresSagaStore(
    NpgsqlDataSource dataSource, SagaDefinitions definitions, SagaOwner owner, TimeSpan lease, TimeProvider time) : ISagaStore
{
    private const string FencedState = "SG001";
    private const string CancelRequestedState = "SG002";

    public async Task InsertAsync(SagaContext saga, bool isLeased, LocalStatements? local, CancellationToken cancellationToken)
    {
        var news = saga.News.Count;
        await using var batch = dataSource.CreateBatch();
        batch.Add(
            Insert,
            Value(saga.Id),
            Value(saga.Definition.Name),
            Value(saga.Definition.Version),
            Value(owner.Name),
            Value(lease),
            Text(saga.TraceParent),
            new NpgsqlParameter { Value = saga.Json, NpgsqlDbType = NpgsqlDbType.Json },
            News(saga),
            Value(isLeased),
            Text(saga.Channel.ToStored()));
        local?.Invoke(batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        saga.NewsStored(news);
    }

    public async Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        batch.Add(Advance, Value(saga.Id), Value(saga.Epoch), Value(saga.Status.ToName()), Value(saga.Step), News(saga));
        return await UpdateAsync(saga, batch, cancellationToken);
    }

    public async Task<WriteResult> RecordFailureAsync(
        SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, LocalStatements? local, CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        if (local is not null)
        {
            batch.Add(RequireOwned, Value(saga.Id), Value(saga.Epoch));
        }

        batch.Add(
            RecordFailure,
            Value(saga.Id),
            Value(saga.Epoch),
            Value(saga.Status.ToName()),
            Value(saga.Attempts),
            Value(delay),
            Text(outcome.Code),
            Text(outcome.Detail),
            Value(release),
            News(saga));
        local?.Invoke(batch);
        try
        {
            return await UpdateAsync(saga, batch, cancellationToken, resultsBefore: local is null ? 0 : 1);
        }
        catch (PostgresException exception) when (exception.SqlState == FencedState)
        {
            return WriteResult.Fenced;
        }
    }

    public async Task<WriteResult> TransitionAsync(
        SagaContext saga, SagaTransition transition, LocalStatements? local, CancellationToken cancellationToken)
    {
        var news = saga.News.Count;
        await using var batch = dataSource.CreateBatch();
        batch.Add(
            Transition,
            Value(saga.Id),
            Value(saga.Epoch),
            Value(transition.Status.ToName()),
            Value(transition.Step),
            Text(transition.FailureCode),
            Text(transition.FailureDetail),
            News(saga),
            Value(transition.IsPastPivot));
        local?.Invoke(batch);
        try
        {
            saga.EndedAt = await ExecuteAsync(batch, cancellationToken);
            saga.NewsStored(news);
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
        await using var command = dataSource.Command(
            Claim, Value(limit), Value(definitions.Names), Value(definitions.Versions), Value(owner.Name), Value(lease));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sagas = new List<SagaContext>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var saga = Read(reader, definitions.Find(reader.GetString(1), reader.GetInt32(2))!);
            saga.TakenOver = true;
            sagas.Add(saga);
        }

        return sagas;
    }

    public async Task<TimeSpan?> UntilNextDueAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(UntilNextDue, Value(definitions.Names), Value(definitions.Versions));
        return await command.ExecuteScalarAsync(cancellationToken) as TimeSpan?;
    }

    public async Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyCollection<SagaContext> sagas, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(
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
        await using var command = dataSource.Command(ReleaseAll, Value(owner.Name));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<SagaResult>> FindFinishedAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(FindFinished, Value(ids));
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
        var (isThere, saga) = await connection.LockSagaAsync(definitions, id, cancellationToken);
        var outcome = saga switch
        {
            null => isThere ? SagaCancellation.Parked : SagaCancellation.NotFound,
            { Status: SagaStatus.Compensated } => SagaCancellation.AlreadyCompensated,
            { Status: SagaStatus.Compensating or SagaStatus.Stuck } => SagaCancellation.AlreadyCompensating,
            { Status: SagaStatus.Completed, Definition.PivotIndex: not null } or { IsPastPivot: true } => SagaCancellation.TooLate,
            { Status: SagaStatus.Completed } => SagaCancellation.Reopened,
            _ => SagaCancellation.Requested,
        };
        if (outcome is not (SagaCancellation.Requested or SagaCancellation.Reopened))
        {
            return (outcome, null);
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        if (outcome == SagaCancellation.Requested)
        {
            batch.Add(RequestCancel, Value(id), Value(code), Value(detail));
            batch.Add(Notify);
        }
        else
        {
            saga!.Status = SagaStatus.Compensating;
            saga.Step = saga.Definition.Steps.Count;
            saga.Attempts = 0;
            saga.Epoch++;
            (saga.FailureCode, saga.FailureDetail) = (code, detail);
            saga.Note(new SagaHistoryEntry(time.GetUtcNow(), SagaAction.Turned, Code: code, Detail: detail, By: owner.Name));
            batch.Add(TakeBack, Value(id));
            batch.Add(Reopen, Value(id), Value(saga.Step), Value(owner.Name), Value(lease), Value(code), Value(detail), News(saga));
        }

        // A pivot without a compensation may be under way: nobody is to see a cancelling that may come to nothing.
        if (saga!.Definition.PivotIndex is null)
        {
            saga.Definition.Closing?.Compensate(saga, batch);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        saga.NewsStored(saga.News.Count);
        return (outcome, outcome == SagaCancellation.Reopened ? saga : null);
    }

    public async Task ListenAsync(Action released, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, _) => released();
        await using (var command = new NpgsqlCommand($"LISTEN {Channel}", connection))
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        // Whatever was released before we listened.
        released();
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private static async Task<DateTimeOffset> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var at = reader.GetFieldValue<DateTimeOffset>(0);
        await ReadToEndAsync(reader, cancellationToken);
        return at;
    }

    private static async Task ReadToEndAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        while (await reader.NextResultAsync(cancellationToken))
        {
            // A statement that failed says so only when its result is asked for.
            await reader.ReadAsync(cancellationToken);
        }
    }

    private static async Task<WriteResult> UpdateAsync(SagaContext saga, NpgsqlBatch update, CancellationToken cancellationToken, int resultsBefore = 0)
    {
        var news = saga.News.Count;
        var result = WriteResult.Fenced;
        await using (var reader = await update.ExecuteReaderAsync(cancellationToken))
        {
            for (var before = 0; before < resultsBefore; before++)
            {
                await reader.ReadAsync(cancellationToken);
                await reader.NextResultAsync(cancellationToken);
            }

            if (await reader.ReadAsync(cancellationToken))
            {
                result = NoteCancellation(saga, reader);
            }

            await ReadToEndAsync(reader, cancellationToken);
        }

        if (result != WriteResult.Fenced)
        {
            saga.NewsStored(news);
        }

        return result;
    }

    private async Task<WriteResult> ReadCancellationAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(FindCancellation, Value(saga.Id), Value(saga.Epoch));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? NoteCancellation(saga, reader) : WriteResult.Fenced;
    }

    private static WriteResult NoteCancellation(SagaContext saga, NpgsqlDataReader reader)
    {
        saga.CancelCode = NullableText(reader, 0);
        saga.CancelDetail = NullableText(reader, 1);
        return saga.GoesForwards && !saga.IsPastPivot && saga.CancelCode is not null ? WriteResult.CancelRequested : WriteResult.Written;
    }
}
