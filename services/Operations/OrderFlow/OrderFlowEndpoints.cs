namespace ResilientShop.Operations.OrderFlow;

/// <summary>The summary, once or live.</summary>
internal static class OrderFlowEndpoints
{
    public static void MapOrderFlow(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/summary").WithTags("Order flow");
        api.MapGet("/", async (OrderFlowReader reader, CancellationToken cancellationToken) => TypedResults.Ok(await reader.ReadAsync(cancellationToken)))
            .WithSummary("What the events of orders add up to.")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/stream", (OrderFlowStream stream, CancellationToken cancellationToken) => TypedResults.ServerSentEvents(stream.ReadAsync(cancellationToken)))
            .WithSummary("The same once a second, as server-sent events.");
    }
}
