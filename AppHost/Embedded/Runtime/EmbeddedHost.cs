using System.Runtime.InteropServices;
using System.Threading.Channels;
using AppHost.Embedded.Acquisition;
using AppHost.Embedded.Model;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// Runs the described application as local processes: starts every instance once what it waits for is healthy, tells where to
/// look, and on Ctrl-C or SIGTERM stops everything in reverse order.
/// </summary>
internal sealed class EmbeddedHost : IAsyncDisposable
{
    private static readonly TimeSpan ParentCheckInterval = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _stopNow = new();
    private readonly List<ChannelWriter<ResourceInstance>> _watchers = [];
    private readonly EmbeddedOptions _options;
    private readonly IReadOnlyList<Resource> _resources;
    private int _exitCode;

    public EmbeddedHost(IReadOnlyList<Resource> resources, EmbeddedOptions options, string environmentName)
    {
        _resources = resources;
        _options = options;
        EnvironmentName = environmentName;
        Output = new ConsoleOutput(options.Quiet);
        Cache = new CacheFolder(options.CachePath, line => Output.Notice("cache", line));
    }

    public TimeProvider Time { get; } = TimeProvider.System;

    public string EnvironmentName { get; }

    public ConsoleOutput Output { get; }

    public CacheFolder Cache { get; }

    public PortAllocator Ports { get; } = new();

    public ProcessLauncher Launcher { get; } = new();

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10) });

    public string RunPath { get; private set; } = "";

    public Guardian Guardian { get; private set; } = null!;

    public IReadOnlyList<ResourceInstance> Instances { get; private set; } = [];

    /// <summary>Where services send their telemetry; null without a dashboard.</summary>
    public OtlpTarget? Otlp => _resources.OfType<IOtlpReceiver>().Select(receiver => receiver.Target).FirstOrDefault();

    /// <summary>Runs the application. The result is the exit code of the process.</summary>
    public async Task<int> RunAsync()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnStopSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnStopSignal);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnStopSignal);
        await using var self = this;
        if (ReadyFile.Prepare(_options.ReadyFile) is { } problem)
        {
            Output.Error(problem);
            return 1;
        }

        RunPath = RunFolder.Create();
        Guardian = new Guardian(RunPath);
        var startedAt = Time.GetTimestamp();
        Instances = [.. _resources.SelectMany(resource => Enumerable.Range(0, resource.Replicas).Select(replica => new ResourceInstance(this, resource, replica)))];
        Output.Begin(Instances);

        var lives = Instances.Select(instance => LiveAsync(instance)).Append(WatchParentAsync()).ToArray();
        try
        {
            var readyFile = _options.ReadyFile is { } path ? new ReadyFile(this, path) : null;
            await new Readiness(this, readyFile).AnnounceAsync(startedAt, _stopping.Token);
            await (readyFile?.KeepCurrentAsync(_stopping.Token) ?? Task.CompletedTask);
            await Task.Delay(Timeout.InfiniteTimeSpan, Time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop, or a required resource is missing.
        }

        await Task.WhenAll(lives);
        await StopAllAsync();
        return _exitCode;
    }

    /// <summary>Instances that changed, one entry a change, beginning with all of them.</summary>
    public ChannelReader<ResourceInstance> Watch(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<ResourceInstance>();
        lock (_watchers)
        {
            _watchers.Add(channel.Writer);
            foreach (var instance in Instances)
            {
                channel.Writer.TryWrite(instance);
            }
        }

        cancellationToken.Register(() =>
        {
            lock (_watchers)
            {
                _watchers.Remove(channel.Writer);
            }

            channel.Writer.TryComplete();
        });
        return channel.Reader;
    }

    /// <summary>Tells the watchers that the instance has changed.</summary>
    public void Changed(ResourceInstance instance)
    {
        lock (_watchers)
        {
            foreach (var watcher in _watchers)
            {
                watcher.TryWrite(instance);
            }
        }
    }

    /// <summary>The instance cannot be had here. The application goes on without it unless it needs it.</summary>
    public void Missing(ResourceInstance instance, string reason)
    {
        Output.Notice(instance, reason);
        if (instance.Workload.IsRequired)
        {
            Fail($"The shop cannot run without {instance.Name}.");
        }
    }

    /// <summary>The instance could not be started.</summary>
    public void Failed(ResourceInstance instance, string reason)
    {
        Output.Notice(instance, $"could not start: {reason}");
        if (instance.Workload.IsRequired && !instance.Settled.IsCompleted)
        {
            Fail($"The shop cannot run without {instance.Name}.");
        }
    }

    /// <summary>The instance ended by itself.</summary>
    public void Ended(ResourceInstance instance, bool hopeless)
    {
        Output.Notice(instance, $"ended with exit code {instance.Snapshot.ExitCode}");
        if (hopeless)
        {
            Output.Quote(instance.Log.Tail(15));
            if (instance.Workload.IsRequired)
            {
                Fail($"{instance.Name} does not come up. Its last lines are above.");
            }
        }
    }

    /// <summary>Stops the application in order, as Ctrl-C does.</summary>
    public void RequestStop() => _stopping.Cancel();

    private void Fail(string reason)
    {
        Output.Error(reason);
        _exitCode = 1;
        _stopping.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Launcher.Dispose();
        Ports.Dispose();
        Http.Dispose();
        Guardian?.Dispose();
        Output.Dispose();
    }

    private async Task LiveAsync(ResourceInstance instance)
    {
        try
        {
            await instance.RunAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The application stops while the instance waits or starts.
        }
    }

    private async Task StopAllAsync()
    {
        Output.Line("Stopping.");

        // What waits for others stops before them: gateway, then services, then servers.
        foreach (var layer in StopOrder.Layers(Instances))
        {
            await Task.WhenAll(layer.Select(instance => instance.StopAsync(_stopNow.Token)));
        }

        Output.Line("Stopped. Nothing is left running.");
    }

    private void OnStopSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_stopping.IsCancellationRequested)
        {
            // A second Ctrl-C: no more patience.
            _stopNow.Cancel();
        }

        _stopping.Cancel();
    }

    /// <summary><c>dotnet run</c> may be killed hard; then nobody would tell us to stop.</summary>
    private async Task WatchParentAsync()
    {
        var parent = Posix.ParentProcessId;
        var parentName = $"/proc/{parent}/comm";
        if (!File.Exists(parentName) || !(await File.ReadAllTextAsync(parentName)).StartsWith("dotnet", StringComparison.Ordinal))
        {
            return;
        }

        using var timer = new PeriodicTimer(ParentCheckInterval, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                if (Posix.ParentProcessId != parent)
                {
                    await _stopping.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The application stops anyway.
        }
    }
}
