using System.Collections.Concurrent;
using Replay.Load;
using Replay.Reporting;
using Replay.Shop;

namespace Replay.Books;

/// <summary>
/// Sends a sample of the orders once more under their keys. The shop has to answer as it did the first time, and nothing may change:
/// no second charge, no second reservation. An order first answered 202 may by now be answered with its end.
/// </summary>
internal sealed class RepeatCheck(ShopClient shop, LedgerReader reader, int concurrency)
{
    /// <summary>Most orders that are sent again.</summary>
    public const int SampleSize = 50;

    /// <summary>Repeats a sample of <paramref name="ledger"/>'s orders and compares its books with those after.</summary>
    public async Task<(int Repeated, IReadOnlyList<Violation> Violations)> CheckAsync(Ledger ledger, IProgressBoard progress, CancellationToken cancellationToken)
    {
        var sample = Choose([.. ledger.Entries.Where(entry => !entry.Run.IsPending)], SampleSize);
        var violations = await SendAgainAsync(sample, progress, cancellationToken);
        var skus = sample.SelectMany(entry => entry.Run.Order.Request.Lines).Select(line => line.Sku).Where(ledger.Stock.ContainsKey).ToHashSet(StringComparer.Ordinal);
        using var stage = progress.Begin("Checking again", sample.Count + skus.Count);
        var after = await reader.ReadAsync([.. sample.Select(entry => entry.Run)], skus, stage, cancellationToken);
        return (sample.Count, [.. violations, .. JudgeChanges(ledger, sample, after)]);
    }

    /// <summary>At most <paramref name="count"/> of <paramref name="all"/>, evenly spread and always the same ones.</summary>
    public static IReadOnlyList<T> Choose<T>(IReadOnlyList<T> all, int count) => all.Count <= count
        ? all
        : [.. Enumerable.Range(0, count).Select(index => all[(int)((long)index * all.Count / count)])];

    private async Task<IReadOnlyCollection<Violation>> SendAgainAsync(IReadOnlyList<LedgerEntry> sample, IProgressBoard progress, CancellationToken cancellationToken)
    {
        var violations = new ConcurrentBag<Violation>();
        using var stage = progress.Begin("Sending a sample again", sample.Count);
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(sample, options, async (entry, token) =>
        {
            var order = entry.Run.Order;
            var again = await shop.PlaceOrderAsync(order.Key, order.Request, token);
            if (Difference(entry.Run, again) is { } difference)
            {
                violations.Add(Broken(entry, $"was sent again under its key and answered {difference}"));
            }

            stage.Advance();
        });
        return violations;
    }

    private static IEnumerable<Violation> JudgeChanges(Ledger before, IReadOnlyList<LedgerEntry> sample, Ledger after)
    {
        foreach (var (was, now) in sample.Zip(after.Entries))
        {
            if (was.Payment.Body is var paid && now.Payment.Body is var pays && (paid?.Captured, paid?.Refunded) != (pays?.Captured, pays?.Refunded))
            {
                yield return Broken(now, $"was sent again under its key, which changed its payment: captured {Text(paid?.Captured)} -> {Text(pays?.Captured)}, refunded {Text(paid?.Refunded)} -> {Text(pays?.Refunded)}");
            }

            if (was.Order.Body?.Status != now.Order.Body?.Status)
            {
                yield return Broken(now, $"was sent again under its key, which changed its status: {was.Order.Body?.Status} -> {now.Order.Body?.Status}");
            }
        }

        foreach (var (sku, now) in after.Stock.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var was = before.Stock[sku].Body;
            if (was is not null && now.Body is { } stock && (was.Available, was.Reserved) != (stock.Available, stock.Reserved))
            {
                yield return new Violation(
                    Rules.Repeatable,
                    $"{sku}: sending orders again under their keys changed the stock: available {was.Available.Plain()} -> {stock.Available.Plain()}, reserved {was.Reserved.Plain()} -> {stock.Reserved.Plain()}")
                { Sku = sku };
            }
        }
    }

    private static string? Difference(OrderRun run, ShopAnswer<OrderView> again)
    {
        var first = run.Answer!;
        var id = again.Body?.Id ?? again.Problem?.OrderId;
        if (id != run.Id)
        {
            return $"{again}{(id is null ? ", without its id" : $", with another id: {id}")}";
        }

        if (first.Status != 202 && again.Status != first.Status)
        {
            return $"{again.Status} instead of {first.Status}";
        }

        return again switch
        {
            { Body: { } view } when OrderRules.Difference(run.Order, view) is { } difference => $"with another {difference}",
            { Body: { } view } when first is { Status: not 202, Body: { } was } && view.Status != was.Status => $"with status {view.Status} instead of {was.Status}",
            { Problem: { } problem } when first.Problem is { } was && problem.Code != was.Code => $"with code {problem.Code} instead of {was.Code}",
            { Body: null, Problem: null } => again.ToString(),
            _ => null,
        };
    }

    private static Violation Broken(LedgerEntry entry, string message) => new(Rules.Repeatable, $"order {entry.Id} of invoice {entry.Run.Order.Invoice} {message}")
    {
        Invoice = entry.Run.Order.Invoice,
        OrderId = entry.Id,
    };

    private static string Text(decimal? amount) => amount?.Plain() ?? "none";
}
