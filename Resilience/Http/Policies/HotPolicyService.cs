using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>Follows the store for as long as the host runs. The start waits a moment for it, so that nothing is served under policies that are about to change.</summary>
internal sealed partial class HotPolicyService(
    HotPolicies policies, IPolicyStore store, IOptions<HotPolicyOptions> options, TimeProvider time, ILogger<HotPolicyService> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _following = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        _following = policies.RunAsync(_stopping.Token);
        try
        {
            await policies.FirstAsync.WaitAsync(options.Value.StartPatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogLate(logger, store.Name, policies.Status.Acknowledgement.Origin);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // A host that is told twice to stop may be gone when the second time comes here.
        if (!_stopping.IsCancellationRequested)
        {
            await _stopping.CancelAsync();
        }

        await _following.WaitAsync(cancellationToken);
        await store.DisposeAsync();
    }

    public void Dispose() => _stopping.Dispose();

    [LoggerMessage(LogLevel.Warning, "{Store} has not answered yet; in force until it does: {Origin}")]
    private static partial void LogLate(ILogger logger, string store, string origin);
}
