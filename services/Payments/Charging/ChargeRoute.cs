using ResilientShop.Contracts;
using ResilientShop.Payments.Canary;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Payments.Charging;

/// <summary>Where <see cref="ChargeEndpoint"/> is reached.</summary>
internal static class ChargeRoute
{
    public static void MapCharge(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/payments", (ChargeRequest request, ChargeEndpoint endpoint, HttpResponse response, CancellationToken cancellationToken) =>
                endpoint.HandleAsync(request, response, cancellationToken))
            .WithSignals("charge")
            .WithCanaryDefect()
            .WithTags("Payments")
            .WithDescription("While the shop is degraded the money is authorized only, with x-degraded: captured-later, and captured later.")
            .WithSummary("Capture an amount for an order. Idempotent by order id; 429 and 503 are worth a repeat.")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status402PaymentRequired)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
}
