using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Inventory.Stock;

/// <summary>
/// <c>GET|PUT /inventory/{sku}</c>: people and tools look at stock and set it; orders go through gRPC. While Inventory is degraded a look at stock is answered from what was
/// last seen, so that the database is left to the orders.
/// </summary>
internal static class StockEndpoints
{
    public static void MapStock(this IEndpointRouteBuilder routes)
    {
        var stock = routes.MapGroup("/inventory/{sku}").WithTags("Stock").ProducesProblem(StatusCodes.Status400BadRequest);

        stock.MapGet("/", GetAsync)
            .WithSignals("stock")
            .WithSummary("Stock of a sku: what can be sold, and what orders hold.")
            .WithDescription("While the shop is degraded it is the stock as it was last seen, with x-degraded: last-known-stock, and the body says of when it is.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        stock.MapPut("/", PutAsync)
            .WithSignals("set-stock")
            .WithSummary("Set what can be sold of a sku. What orders hold stays as it is; an unknown sku becomes known.")
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    }

    private static async Task<Results<Ok<StockView>, ProblemHttpResult>> GetAsync(
        string sku, StockTable stock, LastKnownStock lastKnown, HttpContext http, CancellationToken cancellationToken)
    {
        sku = Decode(sku);
        if (StockRules.CheckSku(sku) is { } wrong)
        {
            return ProblemResults.ValidationFailed(Errors(("sku", wrong)));
        }

        var degradation = http.Degradation();
        if (!degradation.TakesNormalWay && lastKnown.Find(sku) is { } known)
        {
            degradation.Say(StockDegradation.LastKnownStock);
            return TypedResults.Ok(known);
        }

        return await stock.FindAsync(sku, cancellationToken) is { } view
            ? TypedResults.Ok(lastKnown.Remember(view))
            : ProblemResults.NotFound($"The catalog does not know sku '{sku}'.");
    }

    private static async Task<Results<Ok<StockView>, ProblemHttpResult>> PutAsync(
        string sku, StockBody body, StockTable stock, LastKnownStock lastKnown, CancellationToken cancellationToken)
    {
        sku = Decode(sku);
        var errors = Errors(("sku", StockRules.CheckSku(sku)), ("available", StockRules.CheckAvailable(body.Available)));
        return errors.Count > 0
            ? ProblemResults.ValidationFailed(errors)
            : TypedResults.Ok(lastKnown.Remember(await stock.SetAvailableAsync(sku, body.Available!.Value, cancellationToken)));
    }

    /// <summary>Routing leaves an escaped slash alone, because it could be a separator; in the last segment it is part of the sku.</summary>
    private static string Decode(string sku) => sku.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string[]> Errors(params ReadOnlySpan<(string Field, string? Wrong)> checks)
    {
        var errors = new Dictionary<string, string[]>();
        foreach (var (field, wrong) in checks)
        {
            if (wrong is not null)
            {
                errors[field] = [$"{field} {wrong}"];
            }
        }

        return errors;
    }

    /// <summary><see cref="SetStockRequest"/> as it arrives: a missing number must not read as zero and empty the shelf.</summary>
    internal sealed record StockBody(decimal? Available);
}
