using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Inventory.Stock;

/// <summary><c>GET|PUT /inventory/{sku}</c>: people and tools look at stock and set it; orders go through gRPC.</summary>
internal static class StockEndpoints
{
    public static void MapStock(this IEndpointRouteBuilder routes)
    {
        var stock = routes.MapGroup("/inventory/{sku}").WithTags("Stock").ProducesProblem(StatusCodes.Status400BadRequest);

        stock.MapGet("/", GetAsync)
            .WithSummary("Stock of a sku: what can be sold, and what orders hold.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        stock.MapPut("/", PutAsync)
            .WithSummary("Set what can be sold of a sku. What orders hold stays as it is; an unknown sku becomes known.")
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    }

    private static async Task<Results<Ok<StockView>, ProblemHttpResult>> GetAsync(string sku, StockTable stock, CancellationToken cancellationToken)
    {
        sku = Decode(sku);
        if (StockRules.CheckSku(sku) is { } wrong)
        {
            return ProblemResults.ValidationFailed(Errors(("sku", wrong)));
        }

        return await stock.FindAsync(sku, cancellationToken) is { } view
            ? TypedResults.Ok(view)
            : ProblemResults.NotFound($"The catalog does not know sku '{sku}'.");
    }

    private static async Task<Results<Ok<StockView>, ProblemHttpResult>> PutAsync(
        string sku, StockBody body, StockTable stock, CancellationToken cancellationToken)
    {
        sku = Decode(sku);
        var errors = Errors(("sku", StockRules.CheckSku(sku)), ("available", StockRules.CheckAvailable(body.Available)));
        return errors.Count > 0
            ? ProblemResults.ValidationFailed(errors)
            : TypedResults.Ok(await stock.SetAvailableAsync(sku, body.Available!.Value, cancellationToken));
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
