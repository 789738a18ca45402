using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Operations.Policies;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Operations.Releasing;

/// <summary>
/// Releases of canaries. <c>GET /api/releases</c> is for everybody who may see the page; <c>POST /api/releases/{service}/start?reason=...</c>, <c>/promote</c> and
/// <c>/roll-back</c> are for operators.
/// </summary>
internal static class ReleaseEndpoints
{
    private const int MostEntries = 50;

    /// <summary>Nothing where instances tell each other nothing.</summary>
    public static void MapReleases(this IEndpointRouteBuilder routes)
    {
        if (!routes.ServiceProvider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(IReleaseStore)))
        {
            return;
        }

        var api = routes.MapGroup("/api/releases").WithTags("Releases");
        api.MapGet("/", ListAsync).WithSummary("Every release under way, what the gate knows of it, and what was decided before.");
        var one = api.MapGroup("/{service}").RequireOperator().AddEndpointFilter(StoreProblems.FilterAsync);
        one.MapPost("/start", StartAsync).WithSummary("Gives the canary its first share of the traffic and lets the gate judge it.");
        one.MapPost("/promote", (string service, HttpContext http, ReleaseRuns runs, CanaryServices canaries, CancellationToken cancel, string? reason = null) =>
            EndAsync(service, ReleaseAction.Promote, http, runs, canaries, reason, cancel)).WithSummary("Gives the canary everything, whatever the gate says.");
        one.MapPost("/roll-back", (string service, HttpContext http, ReleaseRuns runs, CanaryServices canaries, CancellationToken cancel, string? reason = null) =>
            EndAsync(service, ReleaseAction.RollBack, http, runs, canaries, reason, cancel)).WithSummary("Takes everything from the canary.");
    }

    private static async Task<Ok<ReleasesView>> ListAsync(
        CanaryServices canaries, ReleaseState state, ReleaseRuns runs, IReleaseRecord record, CancellationToken cancel)
    {
        var last = runs.Last;
        return TypedResults.Ok(new ReleasesView(
            state.Problem,
            [.. canaries.Names.Union(state.Current.Keys).Order(StringComparer.Ordinal).Select(service => ReleaseView.Of(service, state.Current.GetValueOrDefault(service), last.GetValueOrDefault(service)))],
            await record.ListAsync(service: null, MostEntries, cancel)));
    }

    private static async Task<IResult> StartAsync(string service, HttpContext http, ReleaseRuns runs, CanaryServices canaries, CancellationToken cancel, string? reason = null)
    {
        if (Check(service, reason, canaries) is { } wrong)
        {
            return wrong;
        }

        return await runs.StartAsync(service, reason!, http.OperatorName(), cancel)
            ? TypedResults.Accepted("/api/releases")
            : ProblemResults.Problem(StatusCodes.Status409Conflict, "RELEASE_UNDER_WAY", $"A release of {service} is under way; promote it or roll it back first.");
    }

    private static async Task<IResult> EndAsync(
        string service, ReleaseAction action, HttpContext http, ReleaseRuns runs, CanaryServices canaries, string? reason, CancellationToken cancel)
    {
        if (Check(service, reason, canaries) is { } wrong)
        {
            return wrong;
        }

        await runs.EndAsync(service, action, reason!, http.OperatorName(), cancel);
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult? Check(string service, string? reason, CanaryServices canaries)
    {
        var name = service.Length > 64 ? service[..64] + "..." : service;
        return !canaries.Names.Contains(service, StringComparer.Ordinal)
            ? ProblemResults.NotFound(canaries.Names.Count == 0 ? $"{name} has no canary; no service has." : $"{name} has no canary; there are canaries of {string.Join(", ", canaries.Names)}.")
            : string.IsNullOrWhiteSpace(reason)
                ? ProblemResults.ValidationFailed(new Dictionary<string, string[]> { ["reason"] = ["reason is not there; it must say why, for the record: add ?reason=..."] })
                : null;
    }
}

/// <summary>The services with a canary, by what discovery knows: NAME-canary is the canary of NAME.</summary>
internal sealed class CanaryServices(IConfiguration configuration)
{
    private const string Suffix = "-canary";

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names { get; } =
    [
        .. configuration.GetSection("services").GetChildren().Select(service => service.Key)
            .Where(name => name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)).Select(name => name[..^Suffix.Length]).Order(StringComparer.Ordinal),
    ];
}

/// <summary>All releases.</summary>
/// <param name="Problem">Why it may be out of date; null while all is well.</param>
/// <param name="Services">Services with a canary.</param>
/// <param name="Decisions">The newest decisions, newest first.</param>
internal sealed record ReleasesView(string? Problem, IReadOnlyList<ReleaseView> Services, IReadOnlyList<ReleaseEntry> Decisions);

/// <summary>How far a service's release has come: stage <c>none</c> where nobody is releasing anything.</summary>
/// <param name="Service">The service.</param>
/// <param name="Stage">The stage.</param>
/// <param name="CanaryShare">The canary's share.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="By">Who says so.</param>
/// <param name="Since">Since when; null where nobody says anything.</param>
/// <param name="Verdict">What the gate says now: <c>pass</c>, <c>fail</c>, <c>not enough evidence</c>; null while it does not look.</param>
/// <param name="Comparisons">What it compared.</param>
internal sealed record ReleaseView(
    string Service, string Stage, double CanaryShare, string? Reason, string? By, DateTimeOffset? Since, string? Verdict, IReadOnlyList<ComparisonView> Comparisons)
{
    public static ReleaseView Of(string service, FleetRelease? said, ReleaseDecision? last) => new(
        service,
        said?.Stage.ToName() ?? "none",
        said?.Share ?? 0,
        said?.Reason,
        said?.By,
        said?.Since,
        last is null ? null : ComparisonView.NameOf(last.Judgement.Verdict),
        ComparisonView.Of(last?.Judgement));
}
