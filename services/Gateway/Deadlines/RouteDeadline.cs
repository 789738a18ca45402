using System.Globalization;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Policies;
using Yarp.ReverseProxy.Configuration;

namespace ResilientShop.Gateway.Deadlines;

/// <summary>
/// The SLA of a route: what the policies say of it (<c>routes: NAME: sla_ms</c>), unless this gateway's own configuration holds it with the route's metadata
/// <c>Deadline</c>, in milliseconds. A route that has neither is refused when it is loaded, and so are policies that take it away.
/// </summary>
internal sealed class RouteDeadline(DependencyRegistry dependencies) : IProxyConfigFilter
{
    private const string MetadataName = "Deadline";

    /// <summary>The time that <paramref name="route"/> grants to a whole request.</summary>
    /// <param name="route">The route.</param>
    /// <param name="policies">The policies that the request was started with; null for none.</param>
    /// <exception cref="InvalidOperationException">Neither has it, or the metadata is not a number of milliseconds above zero.</exception>
    public static TimeSpan Of(RouteConfig route, PolicySnapshot? policies)
    {
        if (route.Metadata?.GetValueOrDefault(MetadataName) is not { } text)
        {
            return policies?.Route(route.RouteId)?.Sla
                ?? throw new InvalidOperationException($"Route {route.RouteId} has no SLA: the policies must have routes.{route.RouteId}.sla_ms, in milliseconds.");
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds > 0 && milliseconds <= Deadline.MaxBudget.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new InvalidOperationException(
                $"ReverseProxy:Routes:{route.RouteId}:Metadata:{MetadataName} is '{text}'; it must be the route's SLA in milliseconds, from 1 to {Deadline.MaxBudget.TotalMilliseconds}.");
    }

    /// <summary>Whether the gateway's own configuration says it.</summary>
    public static bool IsPinned(IConfigurationSection route) => route[$"Metadata:{MetadataName}"] is not null;

    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel) => new(cluster);

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel)
    {
        Of(route, dependencies.Current);
        return new ValueTask<RouteConfig>(route);
    }
}
