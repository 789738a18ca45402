using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace ResilientShop.Gateway.Failover;

/// <summary>
/// Takes an instance out at the first connection it refuses and tries it again after the cluster's reactivation period. YARP's own policy
/// wants a failure rate over many requests, during which every other request would stumble over a dead instance. A slow answer says nothing here.
/// </summary>
internal sealed class ConnectFailurePolicy(IDestinationHealthUpdater health) : IPassiveHealthCheckPolicy
{
    private static readonly TimeSpan DefaultReactivationPeriod = TimeSpan.FromSeconds(2);

    public string Name => "ConnectFailure";

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        var hasFailed = ConnectFailure.Is(context.Features.Get<IForwarderErrorFeature>());
        health.SetPassive(
            cluster,
            destination,
            hasFailed ? DestinationHealth.Unhealthy : DestinationHealth.Healthy,
            cluster.Model.Config.HealthCheck?.Passive?.ReactivationPeriod ?? DefaultReactivationPeriod);
    }
}
