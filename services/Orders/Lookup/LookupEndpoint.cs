using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;

namespace ResilientShop.Orders.Lookup;

/// <summary><c>GET /orders/{id}</c>.</summary>
internal static class LookupEndpoint
{
    public static void MapLookup(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/orders/{id}", FindAsync)
            .WithTags("Orders")
            .WithSummary("An order as it stands now.")
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<OrderView>, ProblemHttpResult>> FindAsync(string id, OrderTable orders, CancellationToken aborted) =>
        Guid.TryParse(id, out var orderId) && await orders.FindAsync(orderId, aborted) is { } order
            ? TypedResults.Ok(order.View)
            : OrderId.NotFound(id);
}
