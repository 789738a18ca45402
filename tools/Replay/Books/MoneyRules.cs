namespace Replay.Books;

/// <summary>Rules on money: what is captured is what confirmed orders cost, recomputed from what was sent. Pure.</summary>
internal static class MoneyRules
{
    /// <summary>Judges each order's payment, and the sum.</summary>
    public static IEnumerable<Violation> Judge(IReadOnlyCollection<LedgerEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (Judge(entry) is { } violation)
            {
                yield return violation with { Invoice = entry.Run.Order.Invoice, OrderId = entry.Id };
            }
        }

        var kept = Kept(entries);
        var sold = Sold(entries);
        if (kept != sold)
        {
            yield return new Violation(Rules.MoneySum, $"{kept.Plain()} is captured and kept, confirmed orders cost {sold.Plain()}: {Math.Abs(kept - sold).Plain()} too {(kept > sold ? "much" : "little")}");
        }
    }

    /// <summary>Money captured and not refunded.</summary>
    public static decimal Kept(IEnumerable<LedgerEntry> entries) => entries.Sum(entry => entry.Kept);

    /// <summary>What the confirmed orders cost.</summary>
    public static decimal Sold(IEnumerable<LedgerEntry> entries) => entries.Where(entry => entry.IsConfirmed).Sum(entry => entry.Run.Order.Total);

    private static Violation? Judge(LedgerEntry entry)
    {
        var order = $"order {entry.Id} of invoice {entry.Run.Order.Invoice}";
        if (entry.Payment is not ({ Body: not null } or { Status: 404 }))
        {
            return new Violation(Rules.Readable, $"payment of {order} cannot be read: {entry.Payment}");
        }

        var payment = entry.Payment.Body;
        var found = payment is null ? "no payment" : $"{payment.Captured.Plain()} {payment.Currency} captured and {payment.Refunded.Plain()} refunded";
        return entry.Order.Body?.Status switch
        {
            OrderStatus.Confirmed when payment is null || payment.Captured != entry.Run.Order.Total || payment.Refunded != 0
                    || payment.Currency != entry.Run.Order.Request.Currency =>
                new Violation(Rules.ConfirmedPaid, $"{order} is confirmed and costs {entry.Run.Order.Total.Plain()} {entry.Run.Order.Request.Currency}, but has {found}"),
            OrderStatus.Cancelled when entry.Kept != 0 =>
                new Violation(Rules.CancelledUnpaid, $"{order} is cancelled, but has {found}"),
            _ => null,
        };
    }
}
