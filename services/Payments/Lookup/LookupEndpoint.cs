using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Payments.Records;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Payments.Lookup;

/// <summary><c>GET /payments/{orderId}</c>.</summary>
internal static class LookupEndpoint
{
    public static void MapLookup(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/payments/{orderId:guid}", GetAsync)
            .WithSignals("payment")
            .WithTags("Payments")
            .WithSummary("The payment of an order.")
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<PaymentView>, ProblemHttpResult>> GetAsync(
        Guid orderId, PaymentTable payments, CancellationToken cancellationToken) =>
        await payments.FindAsync(orderId, cancellationToken) is { } payment
            ? TypedResults.Ok(payment)
            : ProblemResults.NotFound($"There is no payment of order {orderId}.");
}
