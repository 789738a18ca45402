using Replay.Load;

namespace Replay.Books;

/// <summary>Rules on stock: of every sku exactly what confirmed orders bought has left the shelf and is held. Pure.</summary>
internal static class StockRules
{
    /// <summary>Judges every sku except those of orders in doubt, see <see cref="InDoubt"/>.</summary>
    public static IEnumerable<Violation> Judge(
        IReadOnlyDictionary<string, StockView> before, Ledger ledger, IReadOnlySet<string> inDoubt)
    {
        var sold = ledger.Entries
            .Where(entry => entry.IsConfirmed)
            .SelectMany(entry => entry.Run.Order.Request.Lines)
            .GroupBy(line => line.Sku, StringComparer.Ordinal)
            .ToDictionary(lines => lines.Key, lines => lines.Sum(line => line.Quantity), StringComparer.Ordinal);
        foreach (var (sku, start) in before.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (!inDoubt.Contains(sku) && Judge(start, ledger.Stock[sku].Body, sold.GetValueOrDefault(sku)) is { } message)
            {
                yield return new Violation(Rules.StockSold, $"{sku}: {message}") { Sku = sku };
            }
            else if (ledger.Stock[sku].Body is null)
            {
                yield return new Violation(Rules.Readable, $"stock of {sku} cannot be read: {ledger.Stock[sku]}") { Sku = sku };
            }
        }
    }

    /// <summary>
    /// Skus of orders that were never answered or never came to rest. Their own violations are on record; what they hold cannot be told, and a
    /// second violation for each of their skus would bury the cause.
    /// </summary>
    public static IReadOnlySet<string> InDoubt(IEnumerable<OrderRun> runs) =>
        runs.Where(run => run.IsInDoubt).SelectMany(run => run.Order.Request.Lines).Select(line => line.Sku).ToHashSet(StringComparer.Ordinal);

    private static string? Judge(StockView start, StockView? end, decimal sold)
    {
        if (end is null)
        {
            return null;
        }

        var left = start.Available - end.Available;
        var held = end.Reserved - start.Reserved;
        return left == sold && held == sold
            ? null
            : $"confirmed orders bought {sold.Plain()}, but {left.Plain()} left the shelf (available {start.Available.Plain()} -> {end.Available.Plain()})"
                + $" and {held.Plain()} more are held (reserved {start.Reserved.Plain()} -> {end.Reserved.Plain()})";
    }
}
