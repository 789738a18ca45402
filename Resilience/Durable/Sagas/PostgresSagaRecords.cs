using Npgsql;
using NpgsqlTypes;
using static ResilientShop.Resilience.Durable.Sagas.SagaSql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Looks at the table of sagas for people, and changes there what they decide. Thread-safe.</summary>
internal sealed class PostgresSagaRecords(NpgsqlDataSource dataSource, SagaDefinitions definitions) : ISagaRecords
{
    public async Task<SagaIntervention> InterveneAsync(
        Guid id, Func<SagaContext, (SagaTransition? Transition, SagaHistoryEntry? Entry, string Detail)> decide, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (isThere, saga) = await connection.LockSagaAsync(definitions, id, cancellationToken);
        if (saga is null)
        {
            return isThere
                ? new SagaIntervention(SagaInterventionOutcome.Parked, $"This instance does not know the definition of saga {id}.")
                : new SagaIntervention(SagaInterventionOutcome.NotFound, $"There is no saga {id}.");
        }

        var turns = saga.GoesForwards || saga.Status == SagaStatus.Completed;
        var (transition, entry, detail) = decide(saga);
        if (transition is null)
        {
            return new SagaIntervention(SagaInterventionOutcome.NotApplicable, detail);
        }

        saga.Note(entry!);
        (saga.FailureCode, saga.FailureDetail) = (transition.FailureCode, transition.FailureDetail);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.Add(TakeBack, Value(id));
        batch.Add(
            Intervene,
            Value(id),
            Value(transition.Status.ToName()),
            Value(transition.Step),
            Text(transition.FailureCode),
            Text(transition.FailureDetail),
            News(saga));
        if (turns && transition.Status == SagaStatus.Compensating)
        {
            saga.Definition.Closing?.Compensate(saga, batch);
        }

        batch.Add(Notify);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new SagaIntervention(SagaInterventionOutcome.Done, detail);
    }

    public async Task RegisterAsync(IEnumerable<SagaDefinition> known, CancellationToken cancellationToken)
    {
        foreach (var definition in known)
        {
            var (shape, underWay) = await RegisterAsync(definition, cancellationToken);
            if (shape == definition.Shape)
            {
                continue;
            }

            if (underWay > 0)
            {
                throw SagaShape.Changed(definition, shape, underWay);
            }

            await using var command = dataSource.Command(Reshape, Value(definition.Name), Value(definition.Version), Value(definition.Shape));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public async Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(FindView, Value(id));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? ReadView(reader, definitions) : null;
    }

    public async Task<IReadOnlyList<SagaView>> ListAsync(SagaFilter filter, TimeSpan overdueAfter, int most, CancellationToken cancellationToken)
    {
        var isParked = filter == SagaFilter.Parked;
        await using var command = dataSource.Command(
            ListViews,
            Value(filter == SagaFilter.Overdue ? overdueAfter : TimeSpan.Zero),
            Value(filter == SagaFilter.Stuck),
            isParked ? Value(definitions.Names) : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            Value(definitions.Versions),
            Value(most));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var views = new List<SagaView>();
        while (await reader.ReadAsync(cancellationToken))
        {
            views.Add(ReadView(reader, definitions));
        }

        return views;
    }

    public async Task<bool> ForgetAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(Forget, Value(id));
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    public async Task<int> ForgetAsync(TimeSpan kept, int most, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(ForgetOld, Value(kept), Value(most));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<SagaCounts>> MeasureAsync(TimeSpan overdueAfter, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(Measure, Value(overdueAfter));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var counts = new List<SagaCounts>();
        while (await reader.ReadAsync(cancellationToken))
        {
            counts.Add(new SagaCounts(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)));
        }

        return counts;
    }

    private async Task<(string Shape, long UnderWay)> RegisterAsync(SagaDefinition definition, CancellationToken cancellationToken)
    {
        await using var command = dataSource.Command(Register, Value(definition.Name), Value(definition.Version), Value(definition.Shape));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);

        // Null: another instance registers it at this moment, and the statement does not see it yet. It is this version's shape or will be compared at its next start.
        return (NullableText(reader, 0) ?? definition.Shape, reader.GetInt64(1));
    }
}
