using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using Yarp.ReverseProxy.Forwarder;

namespace ResilientShop.Gateway.Forwarding;

/// <summary>
/// Sends what the proxy forwards through the tiers of its cluster: breaker, retry budget and their telemetry. Attempts are made above, where another
/// instance can be chosen (<see cref="Failover.FailoverMiddleware"/>).
/// </summary>
internal sealed class TieredForwarderClientFactory(DependencyRegistry dependencies) : ForwarderHttpClientFactory
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.KeepConnections(dependencies.Get(context.ClusterId).Connections);
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        base.WrapHandler(context, handler).WithTiers(dependencies.Get(context.ClusterId));
}
