using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Inventory.Reservations;

/// <summary><c>GET /reservations/{orderId}</c>: what an order holds of the stock, for whoever checks its books.</summary>
internal static class ReservationEndpoint
{
    public static void MapReservations(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/reservations/{orderId:guid}", GetAsync)
            .WithSignals("reservation")
            .WithTags("Stock")
            .WithSummary("What an order holds of the stock.")
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<ReservationView>, ProblemHttpResult>> GetAsync(Guid orderId, ReservationTable reservations, CancellationToken cancellationToken) =>
        await reservations.FindAsync(orderId, cancellationToken) is { } reservation
            ? TypedResults.Ok(reservation)
            : ProblemResults.NotFound($"Order {orderId} never asked for any stock.");
}
