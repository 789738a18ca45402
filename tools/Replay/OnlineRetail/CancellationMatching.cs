namespace Replay.OnlineRetail;

/// <summary>
/// Finds the order that a cancellation takes back from, which the data set does not record. A cancelled line belongs to the latest order that
/// appears before the cancellation in the file, is of the same customer, and sold at least the cancelled quantity of the same stock code
/// at the same unit price. Orders of guests cannot be matched: guests are not one customer.
/// </summary>
internal static class CancellationMatching
{
    /// <summary>Matches each cancellation to orders. An order may be found by more than one cancellation.</summary>
    public static IReadOnlyList<CancellationMatch> Match(IReadOnlyList<SalesOrder> orders, IReadOnlyList<Cancellation> cancellations)
    {
        var sales = orders
            .SelectMany(order => order.Lines
                .GroupBy(line => (line.Sku, line.UnitPrice))
                .Select(line => new Sale(order, line.Key.Sku, line.Key.UnitPrice, line.Sum(part => part.Quantity))))
            .ToLookup(sale => (sale.Order.CustomerId, sale.Sku));
        return [.. cancellations.Select(cancellation => Match(cancellation, sales))];
    }

    private static CancellationMatch Match(Cancellation cancellation, ILookup<(string Customer, string Sku), Sale> sales)
    {
        var found = new List<(SalesOrder Order, RetailRow Line)>();
        var unmatched = new List<(RetailRow, string)>();
        foreach (var line in cancellation.Lines)
        {
            var (order, reason) = FindOrder(cancellation, line, sales);
            if (order is not null)
            {
                found.Add((order, line));
            }
            else
            {
                unmatched.Add((line, reason!));
            }
        }

        var byOrder = found
            .GroupBy(match => match.Order, ReferenceEqualityComparer.Instance)
            .Select(group => (group.First().Order, (IReadOnlyList<RetailRow>)[.. group.Select(match => match.Line)]));
        return new CancellationMatch(cancellation, [.. byOrder], unmatched);
    }

    private static (SalesOrder? Order, string? Reason) FindOrder(
        Cancellation cancellation, RetailRow line, ILookup<(string Customer, string Sku), Sale> sales)
    {
        if (cancellation.Customer is not { } customer)
        {
            return (null, "the cancellation names no customer");
        }

        var earlier = sales[(customer, line.Sku)].Where(sale => sale.Order.Position < cancellation.Position).ToArray();
        if (earlier.Length == 0)
        {
            return (null, $"no earlier order of customer {customer} with {line.Sku} in this file");
        }

        var atPrice = earlier.Where(sale => sale.UnitPrice == line.UnitPrice).ToArray();
        if (atPrice.Length == 0)
        {
            return (null, $"customer {customer} bought {line.Sku} earlier, but never at {line.UnitPrice}");
        }

        var order = atPrice.Where(sale => sale.Quantity >= line.Quantity).MaxBy(sale => sale.Order.Position)?.Order;
        return (order, order is null ? $"customer {customer} bought {line.Sku} at {line.UnitPrice} earlier, but never {line.Quantity} in one order" : null);
    }

    private sealed record Sale(SalesOrder Order, string Sku, decimal UnitPrice, decimal Quantity);
}
