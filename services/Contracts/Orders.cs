using System.Text.Json.Serialization;

namespace ResilientShop.Contracts;

/// <summary>Body of <c>POST /orders</c>.</summary>
public sealed record PlaceOrderRequest(string CustomerId, string Currency, IReadOnlyList<OrderLine> Lines, PaymentMethod Payment);

/// <summary>One line of an order. Quantity and unit price are positive; an order may name a sku more than once.</summary>
public sealed record OrderLine(string Sku, decimal Quantity, decimal UnitPrice);

/// <summary>How the order is paid: a token of the payment provider, never card data.</summary>
public sealed record PaymentMethod(string Token);

/// <summary>An order as <c>POST /orders</c> and <c>GET /orders/{id}</c> answer it.</summary>
public sealed record OrderView(
    Guid Id,
    string CustomerId,
    string Currency,
    string Status,
    decimal Total,
    IReadOnlyList<OrderLine> Lines,
    OrderFailure? Failure,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>The cheaper way by which the order was answered, for example <see cref="OrderDegradation.AcceptedForLater"/>; null for the normal way. Only the answer to <c>POST /orders</c> says it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Degraded { get; init; }

    /// <summary>What happened to the order, first to last. Only <c>GET /orders/{id}</c> says it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OrderHistoryEntry>? History { get; init; }
}

/// <summary>Something that happened to an order.</summary>
/// <param name="At">When.</param>
/// <param name="Event">What, to switch on: <c>started</c>, <c>execute</c>, <c>compensate</c>, <c>turned</c>, <c>completed</c> and so on.</param>
/// <param name="Text">The same as a sentence.</param>
public sealed record OrderHistoryEntry(DateTimeOffset At, string Event, string Text);

/// <summary>Why an order was cancelled: a code to switch on and a sentence to read.</summary>
public sealed record OrderFailure(string Code, string Detail);

/// <summary>Cheaper ways of Orders: values of header <c>x-degraded</c> and of <see cref="OrderView.Degraded"/>.</summary>
public static class OrderDegradation
{
    /// <summary>The order is stored and answered at once; stock and payment follow.</summary>
    public const string AcceptedForLater = "accepted-for-later";
}

/// <summary>The states an order shows to the outside.</summary>
public static class OrderStatus
{
    /// <summary>Accepted; its saga is on the way.</summary>
    public const string Pending = "pending";

    /// <summary>Stock reserved and money captured. Terminal unless the customer cancels.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>Its effects are being compensated.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>Everything it did is undone. Terminal.</summary>
    public const string Cancelled = "cancelled";
}
