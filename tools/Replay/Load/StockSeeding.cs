using System.Collections.Concurrent;
using Replay.Books;
using Replay.Reporting;
using Replay.Shop;

namespace Replay.Load;

/// <summary>Sets what can be sold, and remembers what orders of earlier runs hold, so that only this run's changes are judged.</summary>
internal sealed class StockSeeding(ShopClient shop, int concurrency)
{
    /// <summary>Sets the stock of every sku of <paramref name="stock"/>. Returns the stock the run starts from, and what went wrong.</summary>
    public async Task<(IReadOnlyDictionary<string, StockView> Before, IReadOnlyList<Violation> Violations)> SeedAsync(
        IReadOnlyDictionary<string, decimal> stock, IProgressStage progress, CancellationToken cancellationToken)
    {
        var before = new ConcurrentDictionary<string, StockView>(StringComparer.Ordinal);
        var violations = new ConcurrentBag<Violation>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(stock, options, async (entry, token) =>
        {
            var (sku, available) = entry;
            var fault = await SeedAsync(sku, available, before, token);
            if (fault is not null)
            {
                violations.Add(new Violation(Rules.Seeding, $"stock of {sku} cannot be set to {available.Plain()}: {fault}") { Sku = sku });
            }

            progress.Advance();
        });
        return (before, [.. violations.OrderBy(violation => violation.Sku, StringComparer.Ordinal)]);
    }

    private async Task<string?> SeedAsync(string sku, decimal available, ConcurrentDictionary<string, StockView> before, CancellationToken cancellationToken)
    {
        var found = await shop.GetStockAsync(sku, cancellationToken);
        if (found is not ({ Body: not null } or { Status: 404 }))
        {
            return $"GET /inventory/{sku} answered {found}";
        }

        var set = await shop.SetStockAsync(sku, available, cancellationToken);
        before[sku] = new StockView(sku, available, found.Body?.Reserved ?? 0);
        // Success is what counts here; whether the number arrived is seen when the books are checked.
        return set.Status is >= 200 and < 300 ? null : $"PUT /inventory/{sku} answered {set}";
    }
}
