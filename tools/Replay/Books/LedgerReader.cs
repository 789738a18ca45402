using System.Collections.Concurrent;
using ResilientShop.Contracts;
using ResilientShop.Replay.Load;
using ResilientShop.Replay.Reporting;
using ResilientShop.Replay.Shop;

namespace ResilientShop.Replay.Books;

/// <summary>Reads orders, payments and stock, several at a time.</summary>
internal sealed class LedgerReader(ShopClient shop, int concurrency, TimeProvider time)
{
    /// <summary>Reads what the books say of <paramref name="runs"/> and <paramref name="skus"/>.</summary>
    public async Task<Ledger> ReadAsync(
        IReadOnlyCollection<OrderRun> runs, IReadOnlyCollection<string> skus, IProgressStage progress, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken };
        var known = runs.Where(run => run.Id is not null).ToArray();
        var entries = new LedgerEntry[known.Length];
        await Parallel.ForAsync(0, known.Length, options, async (index, token) =>
        {
            entries[index] = await ReadAsync(known[index], token);
            progress.Advance();
        });

        var stock = new ConcurrentDictionary<string, ShopAnswer<StockView>>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(skus, options, async (sku, token) =>
        {
            stock[sku] = await shop.GetStockAsync(sku, token);
            progress.Advance();
        });
        return new Ledger(entries, stock);
    }

    private async Task<LedgerEntry> ReadAsync(OrderRun run, CancellationToken cancellationToken)
    {
        var id = run.Id!.Value;
        var order = await shop.GetOrderAsync(id, cancellationToken);
        if (order.Body is { } view)
        {
            run.See(view, time.GetTimestamp());
        }

        return new LedgerEntry(run, id, order, await shop.GetPaymentAsync(id, cancellationToken));
    }
}
