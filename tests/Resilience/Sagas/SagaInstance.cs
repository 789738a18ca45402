using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Resilience.Tests.Sagas;

/// <summary>What one process has of the saga engine.</summary>
internal sealed class SagaInstance : IAsyncDisposable
{
    private readonly SagaQueue _queue;
    private readonly SagaWaiters _waiters = new();
    private readonly SagaCoordinator _coordinator;
    private readonly SagaGauges _gauges;
    private readonly SagaRegistration _registration;
    private bool _runs;

    public SagaInstance(
        NpgsqlDataSource dataSource,
        SagaDefinition definition,
        string name,
        SagaOptions options,
        Func<ISagaStore, ISagaStore> decorate,
        TimeProvider time,
        params IStuckSagaListener[]? listeners)
    {
        var definitions = new SagaDefinitions([definition]);
        var owner = new SagaOwner(name);
        var records = new PostgresSagaRecords(dataSource, definitions);
        Records = records;
        _gauges = new SagaGauges(definitions);
        Store = decorate(new PostgresSagaStore(dataSource, definitions, owner, options.Lease, time));
        Engine = new SagaEngine(Store, options, owner, listeners ?? [], time, NullLogger<SagaEngine>.Instance);
        _queue = new SagaQueue(options, time);
        _registration = new SagaRegistration(records, definitions);
        Client = new SagaClient(Store, records, definitions, _registration, _queue, _waiters, owner, time);
        Operations = new SagaOperations(records, options, time, NullLogger<SagaOperations>.Instance);
        _coordinator = new SagaCoordinator(Store, records, _registration, Engine, _queue, _waiters, _gauges, options, time, NullLogger<SagaCoordinator>.Instance);
    }

    public ISagaStore Store { get; }

    public ISagaRecords Records { get; }

    public SagaEngine Engine { get; }

    public SagaClient Client { get; }

    public SagaOperations Operations { get; }

    /// <summary>What ends the instance, if anything does.</summary>
    public Task? Execution => _coordinator.ExecuteTask;

    public SagaQueue Queue => _queue;

    public async Task StartAsync()
    {
        await _coordinator.StartAsync(SagaWorld.Cancel);
        _runs = true;
    }

    public async Task<Guid> BeginAsync()
    {
        var id = Guid.CreateVersion7();
        await Client.StartAsync("trip", id, new Trip("Ann"), SagaWorld.Cancel);
        return id;
    }

    public async Task<SagaResult> RunAsync()
    {
        var id = await BeginAsync();
        return await Client.WaitAsync(id, SagaWorld.Cancel);
    }

    public async Task StopAsync()
    {
        if (_runs)
        {
            _runs = false;
            await _coordinator.StopAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _coordinator.Dispose();
        _gauges.Dispose();
        _registration.Dispose();
        _waiters.Dispose();
    }
}
