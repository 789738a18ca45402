using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Orders.Lookup;

/// <summary><c>GET /orders/{id}</c>.</summary>
internal static class LookupEndpoint
{
    public static void MapLookup(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/orders/{id}", FindAsync)
            .WithSignals("order")
            .WithTags("Orders")
            .WithSummary("An order as it stands now, and what happened to it.")
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<OrderView>, ProblemHttpResult>> FindAsync(string id, OrderTable orders, SagaClient sagas, CancellationToken aborted)
    {
        if (!Guid.TryParse(id, out var orderId))
        {
            return OrderId.NotFound(id);
        }

        // The saga first: what its history ends with is never ahead of the order.
        var saga = await sagas.FindAsync(orderId, aborted);
        return await orders.FindAsync(orderId, aborted) is { } order
            ? TypedResults.Ok(order.View with { History = saga is null ? null : OrderHistory.Of(saga) })
            : OrderId.NotFound(id);
    }
}
