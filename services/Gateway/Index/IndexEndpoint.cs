namespace ResilientShop.Gateway.Index;

/// <summary>What a person who opens the gateway's address finds: where to go next.</summary>
internal static class IndexEndpoint
{
    private static readonly object Index = new
    {
        Name = "ResilientShop gateway",
        Links = new Dictionary<string, string>
        {
            ["place an order"] = "POST /orders",
            ["an order"] = "GET /orders/{id}",
            ["cancel an order"] = "POST /orders/{id}/cancel",
            ["stock of a sku"] = "GET /inventory/{sku}",
            ["set stock of a sku"] = "PUT /inventory/{sku}",
            ["payment of an order"] = "GET /payments/{orderId}",
            ["health"] = "GET /health",
        },
    };

    public static void MapIndex(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/", () => TypedResults.Json(Index)).ExcludeFromDescription();
}
