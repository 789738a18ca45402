using System.Globalization;
using ResilientShop.Resilience;
using Yarp.ReverseProxy.Configuration;

namespace ResilientShop.Gateway.Deadlines;

/// <summary>The SLA of a route: its metadata <c>Deadline</c>, in milliseconds. A route without one is refused when it is loaded.</summary>
internal sealed class RouteDeadline : IProxyConfigFilter
{
    private const string MetadataName = "Deadline";

    /// <summary>The time that <paramref name="route"/> grants to a whole request.</summary>
    /// <exception cref="InvalidOperationException">The route has no such metadata, or it is not a number of milliseconds above zero.</exception>
    public static TimeSpan Of(RouteConfig route)
    {
        var text = route.Metadata?.GetValueOrDefault(MetadataName);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds > 0 && milliseconds <= Deadline.MaxBudget.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new InvalidOperationException(
                $"ReverseProxy:Routes:{route.RouteId}:Metadata:{MetadataName} is '{text}'; it must be the route's SLA in milliseconds, from 1 to {Deadline.MaxBudget.TotalMilliseconds}.");
    }

    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel) => new(cluster);

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel)
    {
        Of(route);
        return new ValueTask<RouteConfig>(route);
    }
}
