namespace AppHost.Tests.Fakes;

/// <summary>An embedded host with fake resources, running until it is disposed.</summary>
internal sealed class HostUnderTest : IAsyncDisposable
{
    private readonly Task<int> _run;

    private HostUnderTest(EmbeddedHost host)
    {
        Host = host;
        _run = host.RunAsync();
    }

    public EmbeddedHost Host { get; }

    /// <summary>The exit code, once the host has ended by itself.</summary>
    public Task<int> ExitCode => _run;

    public static HostUnderTest Run(params Resource[] resources) => Run(null, resources);

    public static HostUnderTest Run(string? readyFile, params Resource[] resources) => new(new EmbeddedHost(
        resources,
        new EmbeddedOptions { CachePath = Path.Combine(Path.GetTempPath(), $"cache-{Guid.NewGuid():N}"), ReadyFile = readyFile, Quiet = true },
        "Development"));

    public ResourceInstance Instance(string name) => Host.Instances.Single(instance => instance.Name == name);

    /// <summary>Waits until the instance's snapshot is as wanted.</summary>
    public async Task<ResourceSnapshot> UntilAsync(string name, Func<ResourceSnapshot, bool> wanted, CancellationToken cancellationToken)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var instance = Instance(name);
        await foreach (var _ in Host.Watch(watching.Token).ReadAllAsync(cancellationToken))
        {
            if (instance.Snapshot is var snapshot && wanted(snapshot))
            {
                return snapshot;
            }
        }

        throw new InvalidOperationException($"{name} never got there.");
    }

    public async ValueTask DisposeAsync()
    {
        Host.RequestStop();
        await _run;
    }
}
