using System.Threading.Channels;
using AppHost.Embedded.Acquisition;
using AppHost.Embedded.Model;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// One running copy of a resource. A single loop owns its life: wait for others, start, watch, start again when it ends by itself,
/// obey the operator. Everybody else reads <see cref="Snapshot"/>.
/// </summary>
internal sealed class ResourceInstance
{
    private static readonly TimeSpan FirstRestartDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestRestartDelay = TimeSpan.FromSeconds(10);

    // An instance that ends this often before it was ever healthy will not get better by itself.
    private const int HopelessExits = 3;

    private readonly EmbeddedHost _host;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<PostedCommand> _commands = Channel.CreateUnbounded<PostedCommand>();
    private volatile ResourceSnapshot _snapshot = new();
    private IRunningWorkload? _running;

    public ResourceInstance(EmbeddedHost host, Resource resource, int replica)
    {
        _host = host;
        Resource = resource;
        Replica = replica;
        Name = resource is ProjectResource ? $"{resource.Name}-{replica + 1}" : resource.Name;
        CreatedAt = host.Time.GetUtcNow();
        Log = new ResourceLog(host.Time);
        Workload = resource.CreateWorkload(host);
    }

    public Resource Resource { get; }

    /// <summary>Counts from 0.</summary>
    public int Replica { get; }

    /// <summary>Unique among the instances of the application: <c>orders-1</c>, <c>orders-2</c>, <c>postgres</c>.</summary>
    public string Name { get; }

    public DateTimeOffset CreatedAt { get; }

    public ResourceLog Log { get; }

    public IWorkload Workload { get; }

    public ResourceSnapshot Snapshot => _snapshot;

    /// <summary>Ends when the instance was healthy for the first time, or is known to be missing.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Downloads for this instance and says so in its name.</summary>
    public Downloader Downloader() => new(RunToEndAsync, line => _host.Output.Notice(this, line), _host.Time);

    /// <summary>Obeys <paramref name="command"/> and ends when that is done.</summary>
    public Task ObeyAsync(InstanceCommand command)
    {
        var posted = new PostedCommand(command, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return _commands.Writer.TryWrite(posted) ? posted.Done.Task : Task.CompletedTask;
    }

    /// <summary>Lives until <paramref name="stopping"/>, then is left running for <see cref="StopAsync"/>.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var delay = FirstRestartDelay;
        var wanted = true;
        PostedCommand? obeyed = null;
        await WaitForOthersAsync(stopping);
        while (!stopping.IsCancellationRequested)
        {
            if (wanted && await StartAsync(stopping))
            {
                obeyed?.Done.TrySetResult();
                var startedAt = _host.Time.GetTimestamp();
                obeyed = await WatchAsync(stopping);
                if (obeyed is null && !stopping.IsCancellationRequested)
                {
                    delay = _host.Time.GetElapsedTime(startedAt) > LongestRestartDelay ? FirstRestartDelay : delay;
                    obeyed = await WaitBeforeRestartAsync(delay, stopping);
                    delay = delay * 2 < LongestRestartDelay ? delay * 2 : LongestRestartDelay;
                }
            }
            else
            {
                obeyed?.Done.TrySetResult();
                obeyed = await NextCommandAsync(stopping);
            }

            if (obeyed is { } command)
            {
                wanted = command.Command is InstanceCommand.Start or InstanceCommand.Restart or InstanceCommand.Kill;
            }
        }
    }

    /// <summary>Ends what still runs, in order. Called once <see cref="RunAsync"/> has ended.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_running is { } running)
        {
            Change(snapshot => snapshot with { State = ResourceState.Stopping });
            await running.StopAsync(cancellationToken);
            await EndedAsync(running);
        }
    }

    private async Task<(int ExitCode, string LastLine)> RunToEndAsync(ProcessSpec spec, CancellationToken cancellationToken)
    {
        var log = new ResourceLog(_host.Time);
        var process = await RunningProcess.StartAsync(_host, spec, log);
        await using var killing = cancellationToken.Register(process.Kill);
        var exitCode = await process.Exited;
        cancellationToken.ThrowIfCancellationRequested();
        return (exitCode, log.Tail(1) is [var line] ? line : "");
    }

    private async Task WaitForOthersAsync(CancellationToken stopping)
    {
        var others = _host.Instances.Where(other => Resource.WaitsFor.Contains(other.Resource)).ToArray();
        if (others.Length > 0)
        {
            Change(snapshot => snapshot with { State = ResourceState.Waiting, Reason = $"waits for {string.Join(", ", others.Select(other => other.Name))}" });
            await Task.WhenAll(others.Select(other => other.Settled)).WaitAsync(stopping);
        }
    }

    private async Task<bool> StartAsync(CancellationToken stopping)
    {
        Change(snapshot => snapshot with { State = ResourceState.Starting, HealthProblem = null, Reason = null, ExitCode = null, StoppedAt = null });
        try
        {
            _running = await Workload.StartAsync(this, stopping);
        }
        catch (ResourceMissingException missing)
        {
            Change(snapshot => snapshot with { State = ResourceState.Unavailable, Reason = missing.Message });
            Log.Append(missing.Message, isError: true, echo: false);
            _host.Missing(this, missing.Message);
            _settled.TrySetResult();
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Change(snapshot => snapshot with { State = ResourceState.FailedToStart, Reason = e.Message });
            Log.Append(e.ToString(), isError: true, echo: false);
            _host.Failed(this, e.Message);
            GoOnWithoutUnlessRequired();
            return false;
        }

        Change(snapshot => snapshot with
        {
            State = ResourceState.Running,
            ProcessId = _running.ProcessId,
            Spec = _running.Spec,
            StartedAt = _host.Time.GetUtcNow(),
        });
        return true;
    }

    /// <summary>Ends with the command that ended it, or with null when it ended by itself or the application stops.</summary>
    private async Task<PostedCommand?> WatchAsync(CancellationToken stopping)
    {
        var running = _running!;
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var health = new HealthWatch(this, _host.Time).RunAsync(() => _settled.TrySetResult(), watching.Token);
        try
        {
            while (true)
            {
                var command = NextCommandAsync(watching.Token);
                if (await Task.WhenAny(running.Exited, command) == running.Exited)
                {
                    await EndedAsync(running);
                    var hopeless = !_settled.Task.IsCompleted && Snapshot.Restarts + 1 >= HopelessExits;
                    _host.Ended(this, hopeless);
                    if (hopeless)
                    {
                        GoOnWithoutUnlessRequired();
                    }

                    // A command that arrived in the same moment is still obeyed.
                    await watching.CancelAsync();
                    return await command;
                }

                if (await command is not { } posted)
                {
                    return null;
                }

                if (posted.Command is InstanceCommand.Start)
                {
                    posted.Done.TrySetResult();
                    continue;
                }

                await EndAsync(running, posted.Command, stopping);
                return posted;
            }
        }
        finally
        {
            await watching.CancelAsync();
            await health;
        }
    }

    /// <summary>Nobody waits any longer for something that the application can do without.</summary>
    private void GoOnWithoutUnlessRequired()
    {
        if (!Workload.IsRequired)
        {
            _settled.TrySetResult();
        }
    }

    private async Task EndAsync(IRunningWorkload running, InstanceCommand command, CancellationToken stopping)
    {
        Change(snapshot => snapshot with { State = ResourceState.Stopping });
        if (command is InstanceCommand.Kill)
        {
            running.Kill();
        }
        else
        {
            await running.StopAsync(stopping);
        }

        await EndedAsync(running);
    }

    private async Task EndedAsync(IRunningWorkload running)
    {
        var exitCode = await running.Exited;
        _running = null;
        Change(snapshot => snapshot with
        {
            State = ResourceState.Exited,
            ExitCode = exitCode,
            ProcessId = null,
            HealthProblem = null,
            StoppedAt = _host.Time.GetUtcNow(),
        });
    }

    private async Task<PostedCommand?> WaitBeforeRestartAsync(TimeSpan delay, CancellationToken stopping)
    {
        Change(snapshot => snapshot with { Restarts = snapshot.Restarts + 1, Reason = $"ended by itself; starts again in {delay.TotalSeconds:0.#} s" });
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var pause = Task.Delay(delay, _host.Time, waiting.Token);
        var command = NextCommandAsync(waiting.Token);
        var first = await Task.WhenAny(pause, command);
        await waiting.CancelAsync();

        // A command that arrived in the same moment is still obeyed.
        return first == command || command.IsCompletedSuccessfully ? await command : null;
    }

    private async Task<PostedCommand?> NextCommandAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _commands.Reader.ReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Swaps the snapshot and tells the watchers.</summary>
    public void Change(Func<ResourceSnapshot, ResourceSnapshot> change)
    {
        lock (_commands)
        {
            _snapshot = change(_snapshot);
        }

        _host.Changed(this);
    }

    private sealed record PostedCommand(InstanceCommand Command, TaskCompletionSource Done);
}
