namespace ResilientShop.Contracts;

/// <summary>
/// A message on <see cref="Topics.OrderEvents"/>, keyed by order id, at least once and in order for each order.
/// <see cref="EventId"/> is the same on every redelivery.
/// </summary>
public sealed record OrderEvent(
    Guid EventId,
    string Type,
    Guid OrderId,
    string CustomerId,
    string Currency,
    decimal Total,
    int LineCount,
    string? FailureCode,
    DateTimeOffset OccurredAt);

/// <summary>Values of <see cref="OrderEvent.Type"/>.</summary>
public static class OrderEventTypes
{
    /// <summary>The order was accepted.</summary>
    public const string Placed = "OrderPlaced";

    /// <summary>The order is reserved and paid.</summary>
    public const string Confirmed = "OrderConfirmed";

    /// <summary>The order was cancelled and everything it did is undone.</summary>
    public const string Cancelled = "OrderCancelled";
}

/// <summary>Kafka topics of the shop.</summary>
public static class Topics
{
    /// <summary>What happens to orders.</summary>
    public const string OrderEvents = "orders.events.v1";
}
