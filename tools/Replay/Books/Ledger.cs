using Replay.Load;
using Replay.Shop;

namespace Replay.Books;

/// <summary>What the shop's books say after a run, read through the gateway.</summary>
/// <param name="Entries">One for each order that has an id.</param>
/// <param name="Stock">Stock by sku.</param>
internal sealed record Ledger(IReadOnlyList<LedgerEntry> Entries, IReadOnlyDictionary<string, ShopAnswer<StockView>> Stock);

/// <summary>What the books say of one order.</summary>
internal sealed record LedgerEntry(OrderRun Run, Guid Id, ShopAnswer<OrderView> Order, ShopAnswer<PaymentView> Payment)
{
    /// <summary>Money taken and kept; 0 where no payment is on record.</summary>
    public decimal Kept => Payment.Body is { } payment ? payment.Captured - payment.Refunded : 0;

    /// <summary>True when the order is confirmed now.</summary>
    public bool IsConfirmed => Order.Body?.Status == OrderStatus.Confirmed;
}
