namespace AppHost.Embedded.Runtime;

/// <summary>Something that is there without a process of its own: a database of a server, a server that somebody else runs.</summary>
internal sealed class Presence : IRunningWorkload
{
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int? ProcessId => null;

    public ProcessSpec? Spec => null;

    public Task<int> Exited => _exited.Task;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Kill();
        return Task.CompletedTask;
    }

    public void Kill() => _exited.TrySetResult(0);
}
