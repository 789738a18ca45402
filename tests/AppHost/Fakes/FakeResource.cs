using System.Collections.Concurrent;

namespace AppHost.Tests.Fakes;

/// <summary>A resource whose workload does what a test tells it to.</summary>
internal sealed class FakeResource(string name, bool isRequired = true) : Resource(name), IResourceWithConnectionString, IResourceWithWaitSupport, IResourceWithEnvironment
{
    public FakeWorkload Workload { get; } = new(isRequired);

    public string? ConnectionString { get; init; }

    internal override string ResourceType => "Fake";

    internal override IWorkload CreateWorkload(EmbeddedHost host) => Workload;
}

/// <summary>Counts its starts and lets the test decide how each goes.</summary>
internal sealed class FakeWorkload(bool isRequired) : IWorkload
{
    private readonly BlockingCollection<FakeRun> _runs = [];

    public bool IsRequired => isRequired;

    public string Source => "fake";

    /// <summary>Thrown by the next starts, when set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What the health check says; null is healthy.</summary>
    public volatile string? Problem;

    public int Starts { get; private set; }

    public Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        Starts++;
        if (Failure is { } failure)
        {
            throw failure;
        }

        var run = new FakeRun();
        _runs.Add(run, cancellationToken);
        return Task.FromResult<IRunningWorkload>(run);
    }

    public Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken) => Task.FromResult(Problem);

    /// <summary>The next run, as soon as there is one.</summary>
    public Task<FakeRun> NextRunAsync(CancellationToken cancellationToken) => Task.Run(() => _runs.Take(cancellationToken), cancellationToken);
}

/// <summary>One life of a fake workload.</summary>
internal sealed class FakeRun : IRunningWorkload
{
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int? ProcessId => 4711;

    public ProcessSpec? Spec => null;

    public Task<int> Exited => _exited.Task;

    public bool WasStopped { get; private set; }

    public bool WasKilled { get; private set; }

    /// <summary>Called when it is asked to stop, before it has.</summary>
    public Action? OnStop { get; set; }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        WasStopped = true;
        OnStop?.Invoke();
        Exit(0);
        return Task.CompletedTask;
    }

    public void Kill()
    {
        WasKilled = true;
        Exit(137);
    }

    public void Exit(int exitCode) => _exited.TrySetResult(exitCode);
}
