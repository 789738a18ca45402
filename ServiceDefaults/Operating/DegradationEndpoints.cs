using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ResilientShop.Resilience;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.ServiceDefaults.Operating;

/// <summary>
/// <c>GET /resilience/degradation</c>: how far this instance's service is degraded, by which signals, and the last changes with their reasons.
/// <c>POST /resilience/degradation/force?level=...&amp;reason=...</c> and <c>/release?reason=...</c> are for operators (<see cref="OperatorKey"/>) and take effect at once, on this
/// instance.
/// </summary>
internal static class DegradationEndpoints
{
    public static void MapDegradation(this IEndpointRouteBuilder routes)
    {
        var degradation = routes.MapGroup("/resilience/degradation").ExcludeFromDescription();
        degradation.MapGet("/", (ServiceDegradation service) => TypedResults.Ok(DegradationView.Of(service)));
        var operators = degradation.MapGroup("/").RequireOperator();
        operators.MapPost("/force", (string? level, string? reason, ServiceDegradation service, HttpContext http) => Force(level, reason, service, http));
        operators.MapPost("/release", (string? reason, ServiceDegradation service, HttpContext http) =>
            Act(reason, service, http, why => service.Release(why)));
    }

    private static IResult Force(string? level, string? reason, ServiceDegradation service, HttpContext http) =>
        DegradationLevels.TryParse(level, out var wanted)
            ? Act(reason, service, http, why => service.Force(wanted, why))
            : ProblemResults.ValidationFailed(new Dictionary<string, string[]> { ["level"] = [$"level is '{level}'; it must be {DegradationLevels.Names}."] });

    private static IResult Act(string? reason, ServiceDegradation service, HttpContext http, Action<string> act)
    {
        if (string.IsNullOrWhiteSpace(reason))
        {
            return ProblemResults.ValidationFailed(new Dictionary<string, string[]> { ["reason"] = ["reason is not there; it must say why, for the record."] });
        }

        act($"{reason} (by {http.OperatorName()})");
        return TypedResults.Ok(DegradationView.Of(service));
    }
}
