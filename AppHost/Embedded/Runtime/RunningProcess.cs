using System.Diagnostics;

namespace AppHost.Embedded.Runtime;

/// <summary>A process of the application. Its output goes to the resource's log.</summary>
internal sealed class RunningProcess : IRunningWorkload
{
    private readonly Process _process;
    private readonly Guardian _guardian;

    private RunningProcess(Process process, ProcessSpec spec, Guardian guardian)
    {
        _process = process;
        _guardian = guardian;
        Spec = spec;
        ProcessId = process.Id;
        Exited = WatchAsync();
    }

    public int? ProcessId { get; }

    public ProcessSpec? Spec { get; }

    public Task<int> Exited { get; }

    /// <summary>Starts the process and follows its output.</summary>
    public static async Task<RunningProcess> StartAsync(EmbeddedHost host, ProcessSpec spec, ResourceLog log)
    {
        var process = await host.Launcher.StartAsync(spec);
        host.Guardian.Watch(process.Id, spec.DeathSignal);
        process.OutputDataReceived += (_, line) => log.Append(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => log.Append(line.Data, isError: true);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        return new RunningProcess(process, spec, host.Guardian);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Posix.SignalGroup(ProcessId!.Value, Spec!.StopSignal);
        try
        {
            await Exited.WaitAsync(Spec.StopTimeout, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Kill();
            await Exited;
        }
    }

    public void Kill() => Posix.SignalGroup(ProcessId!.Value, Signal.Kill);

    private async Task<int> WatchAsync()
    {
        await _process.WaitForExitAsync();
        _guardian.Forget(_process.Id);
        var exitCode = _process.ExitCode;
        _process.Dispose();
        return exitCode;
    }
}
