using Npgsql;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>
/// The flow that is measured: an order is stored, stock is taken, a charge is made, the order is confirmed, and each of the four is a transaction of its own. Once as
/// a saga, and once as people write it without one.
/// </summary>
internal static class Booking
{
    public const string Name = "booking";
    public const int Steps = 4;

    public const string Tables =
        """
        CREATE TABLE bookings (id uuid PRIMARY KEY, sku text NOT NULL, status text NOT NULL);
        CREATE TABLE reservations (id uuid PRIMARY KEY, sku text NOT NULL);
        CREATE TABLE charges (id uuid PRIMARY KEY, amount numeric(12,2) NOT NULL);
        """;

    private const string Accept = "INSERT INTO bookings VALUES ($1, $2, 'pending')";
    private const string Reserve = "INSERT INTO reservations VALUES ($1, $2) ON CONFLICT DO NOTHING";
    private const string Charge = "INSERT INTO charges VALUES ($1, 12.50) ON CONFLICT DO NOTHING";
    private const string Confirm = "UPDATE bookings SET status = 'confirmed' WHERE id = $1";

    /// <summary>The flow as a saga; <paramref name="beforeCharge"/> is awaited in its third step.</summary>
    public static SagaDefinition Define(NpgsqlDataSource database, Func<Guid, CancellationToken, Task>? beforeCharge = null) =>
        SagaDefinition.Named(Name, version: 1)
            .Opens(new LocalStep("accept", Accept, "UPDATE bookings SET status = 'cancelled' WHERE id = $1"))
            .Then(new OutsideStep("reserve", (saga, cancel) => ExecuteAsync(database, Reserve, saga.Id, saga.Data<Order>().Sku, cancel)))
            .Then(new OutsideStep("charge", async (saga, cancel) =>
            {
                await (beforeCharge?.Invoke(saga.Id, cancel) ?? Task.CompletedTask);
                await ExecuteAsync(database, Charge, saga.Id, sku: null, cancel);
            }))
            .Closes(new LocalStep("confirm", Confirm, "UPDATE bookings SET status = 'cancelling' WHERE id = $1"));

    /// <summary>The flow as a saga, to its end.</summary>
    public static async Task ThroughSagaAsync(SagaClient sagas)
    {
        var id = Guid.CreateVersion7();
        await sagas.StartAsync(Name, id, Order.Any, CancellationToken.None);
        await sagas.WaitAsync(id, CancellationToken.None);
    }

    /// <summary>The flow without durability: a crash between two statements leaves it half done for good.</summary>
    public static async Task StraightAsync(NpgsqlDataSource database)
    {
        var id = Guid.CreateVersion7();
        await ExecuteAsync(database, Accept, id, Order.Any.Sku, CancellationToken.None);
        await ExecuteAsync(database, Reserve, id, Order.Any.Sku, CancellationToken.None);
        await ExecuteAsync(database, Charge, id, sku: null, CancellationToken.None);
        await ExecuteAsync(database, Confirm, id, sku: null, CancellationToken.None);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, Guid id, string? sku, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        if (sku is not null)
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sku });
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What a booking is about.</summary>
    public sealed record Order(string Sku, string Customer)
    {
        public static readonly Order Any = new("85123A", "17850");
    }

    private sealed class LocalStep(string name, string execute, string compensate) : ILocalSagaStep
    {
        public string Name => name;

        public void Execute(SagaContext saga, NpgsqlBatch batch) => Add(saga, batch, execute);

        public void Compensate(SagaContext saga, NpgsqlBatch batch) => Add(saga, batch, compensate);

        private static void Add(SagaContext saga, NpgsqlBatch batch, string sql)
        {
            var command = new NpgsqlBatchCommand(sql) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = saga.Id } } };
            if (sql.Contains("$2", StringComparison.Ordinal))
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = saga.Data<Order>().Sku });
            }

            batch.BatchCommands.Add(command);
        }
    }

    private sealed class OutsideStep(string name, Func<SagaContext, CancellationToken, Task> execute) : ICompensableStep
    {
        public string Name => name;

        public RetryStrategy Retry => RetryStrategy.Exponential;

        public async Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken)
        {
            await execute(saga, cancellationToken);
            return StepOutcome.Done;
        }

        public Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken) => Task.FromResult(StepOutcome.Done);
    }
}
