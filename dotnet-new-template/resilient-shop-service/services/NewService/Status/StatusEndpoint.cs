using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.NewService.Status;

/// <summary>Where something stands: the first thing this service can do, for you to replace.</summary>
internal static class StatusEndpoint
{
    /// <summary>Longest identifier.</summary>
    private const int LongestId = 64;

    public static void MapStatus(this IEndpointRouteBuilder routes) => routes.MapGet("/new-service/{id}", Get)
        .WithSummary("Where something stands.")

        // Its latency and failures count among the signals by which this service degrades.
        .WithSignals("status");

    private static IResult Get(string id, TimeProvider time) => id.Length > LongestId
        ? TypedResults.Problem($"id has {id.Length} characters; it must have 1 to {LongestId}.", statusCode: StatusCodes.Status400BadRequest)
        : TypedResults.Ok(new StatusView(id, "known", time.GetUtcNow()));
}

/// <summary>Where something stands.</summary>
/// <param name="Id">What.</param>
/// <param name="Status">How it stands.</param>
/// <param name="At">When that was known.</param>
internal sealed record StatusView(string Id, string Status, DateTimeOffset At);
