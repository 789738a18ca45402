using Microsoft.Extensions.DependencyInjection.Extensions;
using ResilientShop.Contracts;
using ResilientShop.Contracts.Inventory.V1;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Orders.Checkout;

/// <summary>Checkout's place in the service.</summary>
internal static class PlaceOrderRoute
{
    // The gRPC client accepts no "https+http"; Inventory's gRPC endpoint is HTTP/2 without TLS in both orchestrators.
    private static readonly Uri Inventory = new("http://_grpc.inventory");

    private static readonly Uri Payments = new("https+http://payments");

    public static IServiceCollection AddCheckout(this IServiceCollection services)
    {
        services.AddOptions<CheckoutOptions>().BindConfiguration("Checkout").ValidateDataAnnotations().ValidateOnStart();
        services.AddResilientGrpcClient<InventoryService.InventoryServiceClient>("inventory", client => client.Address = Inventory);
        services.AddResilientHttpClient(ChargePayment.Client, client => client.BaseAddress = Payments);
        services.AddOrderSaga();
        services.TryAddSingleton<KnownSkus>();
        services.TryAddSingleton<CallerDeadline>();
        services.TryAddSingleton<CreationAnswers>();
        services.TryAddSingleton<PlaceOrderEndpoint>();
        return services;
    }

    public static void MapCheckout(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/orders", (PlaceOrderBody body, HttpRequest http, PlaceOrderEndpoint endpoint, CancellationToken aborted) =>
                endpoint.HandleAsync(body, http, aborted))
            .WithSignals("place-order")
            .WithTags("Orders")
            .WithSummary("Place an order.")
            .WithDescription(
                "Reserves the stock and takes the money. 201 when that is done in time, 202 with a Location to ask when it takes longer, "
                + "409 with a code such as OUT_OF_STOCK or CARD_DECLINED when it cannot be done. "
                + "While the shop is degraded every order is answered with 202 at once, with x-degraded: accepted-for-later. "
                + "Send an Idempotency-Key to make a repeat of the request safe: it gets the answer of the first one.")
            .Produces<OrderView>(StatusCodes.Status201Created)
            .Produces<OrderView>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
}
