using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Payments.ProviderClient;
using ResilientShop.Payments.Records;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Payments.Refunding;

/// <summary>
/// <c>POST /payments/{orderId}/refund</c>, idempotent: afterwards the order has cost nothing and never will. It works in every state, also
/// before the charge has arrived and while nobody knows whether the provider took the money.
/// </summary>
internal static class RefundEndpoint
{
    public static void MapRefund(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/payments/{orderId:guid}/refund", RefundAsync)
            .WithSignals("refund")
            .WithTags("Payments")
            .WithSummary("Give back what an order has cost and take no more for it. Idempotent; 503 is worth a repeat.")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<PaymentView>, ProblemHttpResult>> RefundAsync(
        Guid orderId, PaymentTable payments, PaymentProvider provider, CancellationToken cancellationToken)
    {
        var payment = await payments.BeginVoidAsync(orderId, cancellationToken);
        if (payment.Status is PaymentStatus.Refunded or PaymentStatus.Declined)
        {
            // A declined payment has taken nothing and stays declined.
            return TypedResults.Ok(payment);
        }

        var answer = await provider.VoidAsync(orderId, cancellationToken);
        return answer.Outcome == ProviderOutcome.Voided
            ? TypedResults.Ok(await payments.RefundAsync(orderId, answer.WasCaptured, CancellationToken.None))
            : ProblemResults.Problem(
                StatusCodes.Status503ServiceUnavailable,
                ProblemCodes.PaymentUnavailable,
                $"The payment provider {answer.Reason}; the refund is open. Repeat it.");
    }
}
