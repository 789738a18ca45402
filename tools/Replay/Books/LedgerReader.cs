using System.Collections.Concurrent;
using Replay.Load;
using Replay.Reporting;
using Replay.Shop;

namespace Replay.Books;

/// <summary>Reads orders, payments and stock, several at a time.</summary>
internal sealed class LedgerReader(ShopClient shop, int concurrency, TimeProvider time)
{
    private static readonly TimeSpan CaptureWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

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

        return new LedgerEntry(run, id, order, await ReadPaymentAsync(id, cancellationToken));
    }

    /// <summary>A payment that is authorized only is captured without anybody's doing, so it is waited for.</summary>
    private async Task<ShopAnswer<PaymentView>> ReadPaymentAsync(Guid id, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var payment = await shop.GetPaymentAsync(id, cancellationToken);
            if (payment.Body?.Status != PaymentStatus.Authorized || time.GetElapsedTime(start) > CaptureWithin)
            {
                return payment;
            }

            await Task.Delay(Look, time, cancellationToken);
        }
    }
}
