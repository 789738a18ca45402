using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Operations.Policies;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Operations.Degradation;

/// <summary>
/// How far each service is degraded, in all of its instances. <c>GET /api/degradation</c> is for everybody who may see the page;
/// <c>POST /api/degradation/{service}/force?level=...&amp;reason=...</c> and <c>/release?reason=...</c> are for operators and reach every instance within the time of a watch.
/// </summary>
internal static class FleetEndpoints
{
    /// <summary>Nothing where instances tell each other nothing.</summary>
    public static void MapFleetDegradation(this IEndpointRouteBuilder routes)
    {
        if (!routes.ServiceProvider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(IFleetStore)))
        {
            return;
        }

        var api = routes.MapGroup("/api/degradation").WithTags("Degradation");
        api.MapGet("/", (FleetState fleet, FleetRecord record, DependencyRegistry policies) => TypedResults.Ok(FleetView.Of(fleet, record, policies.Current.Document)))
            .WithSummary("How far each service is degraded, and why; the signals of all its instances together, and what was decided by them.");
        var one = api.MapGroup("/{service}").RequireOperator().AddEndpointFilter(StoreProblems.FilterAsync);
        one.MapPost("/force", ForceAsync).WithSummary("Holds a service at a level, whatever its signals say.");
        one.MapPost("/release", ReleaseAsync).WithSummary("Gives the decision back to the service's signals.");
    }

    private static async Task<IResult> ForceAsync(
        string service, HttpContext http, IFleetStore store, DependencyRegistry policies, TimeProvider time, CancellationToken cancel, string? level = null, string? reason = null)
    {
        if (Check(service, reason, policies) is { } wrong)
        {
            return wrong;
        }

        if (!DegradationLevels.TryParse(level, out var wanted))
        {
            return Invalid("level", $"level is '{level}'; it must be {DegradationLevels.Names}.");
        }

        var said = new FleetDegradation(wanted, wanted < DegradationLevel.Degraded ? 1 : 0, IsForced: true, reason!, http.OperatorName(), time.GetUtcNow());
        await store.ForceAsync(service, said, cancel);
        return TypedResults.Ok(FleetLevelView.Of(service, said));
    }

    private static async Task<IResult> ReleaseAsync(
        string service, HttpContext http, IFleetStore store, DependencyRegistry policies, ILoggerFactory loggers, CancellationToken cancel, string? reason = null)
    {
        if (Check(service, reason, policies) is { } wrong)
        {
            return wrong;
        }

        await store.ReleaseAsync(service, cancel);
        loggers.CreateLogger(typeof(FleetEndpoints)).LogInformation("Degradation of {Service} was released by {Operator}: {Reason}", service, http.OperatorName(), reason);
        return TypedResults.Ok(FleetLevelView.Of(service, said: null));
    }

    private static ProblemHttpResult? Check(string service, string? reason, DependencyRegistry policies)
    {
        var services = policies.Current.Document.Services.Order(StringComparer.Ordinal).ToList();
        return !services.Contains(service, StringComparer.Ordinal) ? ProblemResults.NotFound($"There is no service {(service.Length > 64 ? service[..64] + "..." : service)}; there are {string.Join(", ", services)}.")
            : string.IsNullOrWhiteSpace(reason) ? Invalid("reason", "reason is not there; it must say why, for the record: add ?reason=...")
            : null;
    }

    private static ProblemHttpResult Invalid(string field, string message) => ProblemResults.ValidationFailed(new Dictionary<string, string[]> { [field] = [message] });
}
