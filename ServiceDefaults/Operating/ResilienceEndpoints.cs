using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Policies;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.ServiceDefaults.Operating;

/// <summary>
/// <c>GET /resilience</c>: what every call of this instance goes through, and in what state that is. <c>GET /resilience/policies</c>: which policies it runs, and which it
/// has refused and why. <c>POST /resilience/breakers/{dependency}/{channel}/isolate</c>
/// and <c>/reset</c> are for operators (<see cref="OperatorKey"/>) and take effect at once, on this instance.
/// </summary>
internal static class ResilienceEndpoints
{
    public static void MapResilience(this IEndpointRouteBuilder routes)
    {
        var resilience = routes.MapGroup("/resilience").ExcludeFromDescription();
        resilience.MapGet("/", (DependencyRegistry dependencies) => TypedResults.Ok(dependencies.All.Select(PipelineView.Of)));
        resilience.MapGet("/policies", (DependencyRegistry dependencies, IServiceProvider services) =>
            TypedResults.Ok(PolicyStatusView.Of(dependencies, services.GetService<HotPolicies>()?.Status)));
        var breakers = resilience.MapGroup("/breakers/{dependency}/{channel}").RequireOperator();
        breakers.MapPost("/isolate", (string dependency, string channel, string? reason, DependencyRegistry dependencies, HttpContext http) =>
            Act(dependencies, dependency, channel, breaker => breaker.Isolate(OperatorKey.NameOf(http), reason ?? "no reason given")));
        breakers.MapPost("/reset", (string dependency, string channel, string? reason, DependencyRegistry dependencies, HttpContext http) =>
            Act(dependencies, dependency, channel, breaker => breaker.Reset(OperatorKey.NameOf(http), reason ?? "no reason given")));
    }

    private static Results<Ok<BreakerView>, ProblemHttpResult> Act(
        DependencyRegistry dependencies, string dependency, string channel, Action<CircuitBreaker> act)
    {
        if (!ReleaseChannels.TryParse(channel, out var release) || dependencies.Find(dependency)?.Breaker(release) is not { } breaker)
        {
            var known = string.Join(", ", dependencies.All.Where(known => known.Breakers.Any()).Select(known => known.Name));
            return ProblemResults.NotFound($"There is no breaker of {dependency} for channel {channel}; there are those of {known}, each for stable and canary.");
        }

        act(breaker);
        return TypedResults.Ok(BreakerView.Of(breaker));
    }
}
