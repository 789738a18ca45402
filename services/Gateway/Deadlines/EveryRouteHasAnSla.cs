using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Gateway.Deadlines;

/// <summary>Refuses policies that leave a route of this gateway without its SLA.</summary>
internal sealed class EveryRouteHasAnSla(IConfiguration configuration) : IPolicyRequirement
{
    public void Check(PolicyDocument document)
    {
        var missing = configuration.GetSection("ReverseProxy:Routes").GetChildren()
            .Where(route => !RouteDeadline.IsPinned(route) && !document.Routes.ContainsKey(route.Key))
            .Select(route => new PolicyError($"routes.{route.Key}.sla_ms", "not there", "must be the SLA of the gateway's route in milliseconds"))
            .ToList();
        if (missing.Count > 0)
        {
            throw new PolicyInvalidException(missing);
        }
    }
}
