using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using Yarp.ReverseProxy;

namespace ResilientShop.Gateway.Releasing;

/// <summary>Sends a request that a canary serves to the cluster of that canary, named like the stable one's with <c>-canary</c> behind it, where discovery knows it.</summary>
internal sealed class CanaryClusters(RequestDelegate next, IProxyStateLookup clusters, IConfiguration configuration, ReleaseState? releases = null)
{
    private const string Suffix = "-canary";

    private readonly HashSet<string> _known = [.. configuration.GetSection("services").GetChildren().Select(service => service.Key)];

    public Task InvokeAsync(HttpContext context)
    {
        var service = context.GetReverseProxyFeature().Cluster.Config.ClusterId;
        var canary = service + Suffix;
        if (_known.Contains(canary)
            && FleetRelease.Serves(releases?.Current.GetValueOrDefault(service), CallContext.Current.Channel) == ReleaseChannel.Canary
            && clusters.TryGetCluster(canary, out var cluster))
        {
            context.ReassignProxyRequest(cluster);
        }

        return next(context);
    }
}
