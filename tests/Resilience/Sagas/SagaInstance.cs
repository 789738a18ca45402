using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Resilience.Tests.Sagas;

/// <summary>What one process has of the saga engine.</summary>
internal sealed class SagaInstance : IAsyncDisposable
{
    private readonly SagaQueue _queue;
    private readonly SagaWaiters _waiters = new();
    private readonly SagaCoordinator _coordinator;
    private bool _runs;

    public SagaInstance(
        NpgsqlDataSource dataSource, SagaDefinition definition, string name, SagaOptions options, Func<ISagaStore, ISagaStore> decorate, TimeProvider time)
    {
        var definitions = new SagaDefinitions([definition]);
        Store = decorate(new PostgresSagaStore(dataSource, definitions, new SagaOwner(name), options.Lease));
        Engine = new SagaEngine(Store, options, time, NullLogger<SagaEngine>.Instance);
        _queue = new SagaQueue(options, time);
        Client = new SagaClient(Store, definitions, _queue, _waiters);
        _coordinator = new SagaCoordinator(Store, Engine, _queue, _waiters, options, time, NullLogger<SagaCoordinator>.Instance);
    }

    public ISagaStore Store { get; }

    public SagaEngine Engine { get; }

    public SagaClient Client { get; }

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
        _waiters.Dispose();
    }
}
