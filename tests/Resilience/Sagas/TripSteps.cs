using Npgsql;

namespace Resilience.Tests.Sagas;

internal sealed record Trip(string Traveller);

/// <summary>Inserts the trip; its compensation ends it as cancelled with the saga's reason.</summary>
internal sealed class AcceptTrip : ILocalSagaStep
{
    public string Name => "accept";

    public void Execute(SagaContext saga, NpgsqlBatch batch) =>
        batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO trips (id, status, log) VALUES ($1, 'accepted', $2)")
        {
            Parameters = { new() { Value = saga.Id }, new() { Value = saga.Data<Trip>().Traveller } },
        });

    public void Compensate(SagaContext saga, NpgsqlBatch batch) => TripLog.Append(batch, saga.Id, $"cancelled:{saga.FailureCode}");
}

/// <summary>Confirms the trip; its compensation shows it as being cancelled.</summary>
internal sealed class ConfirmTrip : ILocalSagaStep
{
    public string Name => "confirm";

    public bool IsBroken { get; set; }

    public void Execute(SagaContext saga, NpgsqlBatch batch)
    {
        TripLog.Append(batch, saga.Id, "confirmed");
        if (IsBroken)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT 1/0"));
        }
    }

    public void Compensate(SagaContext saga, NpgsqlBatch batch) => TripLog.Append(batch, saga.Id, "cancelling");
}

internal static class TripLog
{
    public const string Schema = "CREATE TABLE trips (id uuid PRIMARY KEY, status text NOT NULL, log text NOT NULL)";

    public static void Append(NpgsqlBatch batch, Guid id, string status) =>
        batch.BatchCommands.Add(new NpgsqlBatchCommand("UPDATE trips SET status = $2, log = log || ' ' || $2 WHERE id = $1")
        {
            Parameters = { new() { Value = id }, new() { Value = status } },
        });
}
