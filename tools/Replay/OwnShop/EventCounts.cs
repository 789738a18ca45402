using System.Text.Json;
using Replay.Load;

namespace Replay.OwnShop;

/// <summary>What the events that reached Operations add up to. Money counts confirmed orders that were not cancelled.</summary>
internal sealed record EventCounts(long Placed, long Confirmed, long Cancelled, long PaidOrders, decimal PaidAmount)
{
    /// <summary>Reads the answer of Operations to <c>GET /api/summary</c>.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static EventCounts Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("events", out var events) || !root.TryGetProperty("confirmedMoney", out var money))
        {
            throw new JsonException("It has no events and no confirmedMoney.");
        }

        return new EventCounts(
            Count(OrderEventTypes.Placed),
            Count(OrderEventTypes.Confirmed),
            Count(OrderEventTypes.Cancelled),
            money.EnumerateArray().Sum(currency => currency.GetProperty("orders").GetInt64()),
            money.EnumerateArray().Sum(currency => currency.GetProperty("amount").GetDecimal()));

        long Count(string type) => events.TryGetProperty(type, out var count) ? count.GetInt64() : 0;
    }

    /// <summary>
    /// What does not fit these orders, the only ones that the shop ever had; empty when each of them was announced exactly once. How often an order was
    /// confirmed before its customer cancelled it is not known exactly, so for confirmations there are two limits.
    /// </summary>
    public IEnumerable<string> Differences(IReadOnlyCollection<OrderRun> orders)
    {
        var confirmed = orders.Where(order => order.Status == OrderStatus.Confirmed).ToArray();
        var cancelled = orders.Where(order => order.Status == OrderStatus.Cancelled).ToArray();
        var sold = confirmed.Sum(order => order.Order.Total);
        var (fewest, most) = (orders.Count(order => order.ConfirmedAt is not null), confirmed.Length + cancelled.Count(order => order.CancelAccepted));
        if (Placed != orders.Count)
        {
            yield return $"{Placed} events {OrderEventTypes.Placed} arrived for {orders.Count} orders";
        }

        if (Cancelled != cancelled.Length)
        {
            yield return $"{Cancelled} events {OrderEventTypes.Cancelled} arrived for {cancelled.Length} cancelled orders";
        }

        if (Confirmed < fewest || Confirmed > most)
        {
            yield return $"{Confirmed} events {OrderEventTypes.Confirmed} arrived, {fewest} to {most} are right";
        }

        if ((PaidOrders, PaidAmount) != (confirmed.Length, sold))
        {
            yield return $"Operations counts {PaidOrders} confirmed orders worth {PaidAmount.Plain()}; there are {confirmed.Length} worth {sold.Plain()}";
        }
    }
}
