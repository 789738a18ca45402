using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Resilience.Tests.Sagas;

/// <summary>A database, a saga of two steps, and as many instances as a test wants.</summary>
internal sealed class SagaWorld : IAsyncDisposable
{
    private readonly List<SagaInstance> _instances = [];

    private SagaWorld(NpgsqlDataSource dataSource)
    {
        DataSource = dataSource;
        Flight = new ScriptedStep("flight", Journal);
        Hotel = new ScriptedStep("hotel", Journal);
        Define = () => SagaDefinition.Named("trip", version: 1).Opens(new AcceptTrip()).Then(Flight).Then(Hotel).Closes(Confirm);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public NpgsqlDataSource DataSource { get; }

    public Journal Journal { get; } = new();

    public ScriptedStep Flight { get; }

    public ScriptedStep Hotel { get; }

    public ConfirmTrip Confirm { get; } = new();

    /// <summary>What the sagas of the instances that are added from now on consist of.</summary>
    public Func<SagaDefinition> Define { get; set; }

    public SagaOptions Options { get; } = new()
    {
        PollInterval = TimeSpan.FromMilliseconds(20),
        WatchInterval = TimeSpan.FromMilliseconds(10),
        CompensationBaseDelay = TimeSpan.FromMilliseconds(1),
        CompensationMaxDelay = TimeSpan.FromMilliseconds(5),
        StuckAfter = 3,
        MaxConcurrency = 16,
        DrainTime = TimeSpan.FromMilliseconds(200),
    };

    public static async Task<SagaWorld> CreateAsync(PostgresServer server)
    {
        var database = await server.CreateDatabaseAsync();
        await new DatabaseMigrator(
            [.. DurableSchema.Sagas, new MigrationScript("trips.sql", TripLog.Schema)],
            new MigrationOptions(),
            TimeProvider.System,
            NullLogger<DatabaseMigrator>.Instance).MigrateAsync(database, Cancel);
        return new SagaWorld(NpgsqlDataSource.Create(database));
    }

    /// <summary>An instance that does not run yet.</summary>
    public SagaInstance AddInstance(string name = "a", Func<ISagaStore, ISagaStore>? decorate = null, TimeProvider? time = null, params IStuckSagaListener[] listeners)
    {
        var instance = new SagaInstance(DataSource, Define(), name, Options, decorate ?? (store => store), time ?? TimeProvider.System, listeners);
        _instances.Add(instance);
        return instance;
    }

    public async Task<SagaInstance> StartInstanceAsync(string name = "a", TimeProvider? time = null, params IStuckSagaListener[] listeners)
    {
        var instance = AddInstance(name, time: time, listeners: listeners);
        await instance.StartAsync();
        return instance;
    }

    public async Task<T?> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = DataSource.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return await command.ExecuteScalarAsync(Cancel) is T result ? result : default;
    }

    public Task<string?> TripAsync(Guid id) => ScalarAsync<string>("SELECT log FROM trips WHERE id = $1", id);

    public Task<string?> StatusAsync(Guid id) => ScalarAsync<string>(
        "SELECT status FROM durable.sagas WHERE id = $1 UNION ALL SELECT status FROM durable.finished_sagas WHERE id = $1", id);

    /// <summary>What a lease's end looks like from outside, without waiting for it.</summary>
    public Task ExpireLeasesAsync() =>
        ScalarAsync<int>("UPDATE durable.sagas SET lease_until = now() - interval '1 s', next_attempt_at = now() WHERE lease_until IS NOT NULL");

    /// <summary>Waits until the statement answers true.</summary>
    public async Task UntilAsync(string sql, params object[] values)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await ScalarAsync<bool>(sql, values))
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in _instances)
        {
            await instance.DisposeAsync();
        }

        await DataSource.DisposeAsync();
    }
}
