using Microsoft.Extensions.Hosting;

namespace ResilientShop.Resilience.Http;

/// <summary>Lets the counts of canaries begin at zero when the host starts, so that the first thing that goes wrong is seen.</summary>
internal sealed class CanaryStart(CanaryAddresses canaries, DependencyRegistry dependencies) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var name in canaries.Dependencies)
        {
            foreach (var check in dependencies.Current.Document.ReleaseOf(name).Checks.Prepend(ReleaseGate.Success))
            {
                dependencies.Metrics.ReleaseCountsBegin(name, check);
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
