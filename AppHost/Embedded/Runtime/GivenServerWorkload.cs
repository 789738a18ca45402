namespace AppHost.Embedded.Runtime;

/// <summary>A server that somebody else runs: nothing to start, nothing to stop.</summary>
internal sealed class GivenServerWorkload : IWorkload
{
    public bool IsRequired => true;

    public string Source => "given from outside";

    public Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken) =>
        Task.FromResult<IRunningWorkload>(new Presence());

    public Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}
