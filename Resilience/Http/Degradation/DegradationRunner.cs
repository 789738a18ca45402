using Microsoft.Extensions.Hosting;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>Lets a service decide for as long as the host runs, under the policies in force.</summary>
internal sealed class DegradationRunner(ServiceDegradation service, DependencyRegistry policies) : BackgroundService
{
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        policies.Changed += Apply;
        Apply(policies.Current);
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        policies.Changed -= Apply;
        return base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => service.RunAsync(stoppingToken), stoppingToken);

    private void Apply(PolicySnapshot snapshot) => service.Apply(snapshot.Document.DegradationOf(service.Service));
}
