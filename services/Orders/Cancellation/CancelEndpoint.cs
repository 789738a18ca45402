using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Orders.Checkout;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Orders.Cancellation;

/// <summary>
/// <c>POST /orders/{id}/cancel</c>: a pending order turns round, a confirmed one is undone. Idempotent; a repeat finds the order cancelled.
/// </summary>
internal static class CancelEndpoint
{
    public static void MapCancellation(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/orders/{id}/cancel", CancelAsync)
            .WithTags("Orders")
            .WithSummary("Cancel an order.")
            .WithDescription("Gives the money back and puts the stock back. 200 once that is done, 202 with a Location to ask when it takes longer.")
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<OrderView>, Accepted<OrderView>, ProblemHttpResult>> CancelAsync(
        string id, SagaClient sagas, OrderTable orders, CallerDeadline callerDeadline, CancellationToken aborted)
    {
        var deadline = callerDeadline.Current;
        if (!Guid.TryParse(id, out var orderId))
        {
            return OrderId.NotFound(id);
        }

        var outcome = await sagas.CancelAsync(orderId, ProblemCodes.CancelledByCustomer, "The customer cancelled the order.", aborted);
        if (outcome == SagaCancellation.Parked)
        {
            return ProblemResults.Problem(
                StatusCodes.Status503ServiceUnavailable, ProblemCodes.ServiceUnavailable, "The order was placed with another version of this service; ask again.");
        }

        if (outcome is not (SagaCancellation.NotFound or SagaCancellation.AlreadyCompensated))
        {
            await callerDeadline.WithinAsync(deadline, cancel => sagas.WaitForCompensationAsync(orderId, cancel), aborted);
        }

        return await orders.FindAsync(orderId, aborted) switch
        {
            null => OrderId.NotFound(id),
            { View: { Status: OrderStatus.Cancelled } cancelled } => TypedResults.Ok(cancelled),
            var pending => TypedResults.Accepted($"/orders/{orderId}", pending.View),
        };
    }
}
