using System.Text.Json.Serialization;
using ResilientShop.Contracts;

namespace ResilientShop.Orders.Records;

/// <summary>An order as it was accepted. It is what the order's saga knows, so it must stay readable by newer versions.</summary>
internal sealed record Order(
    Guid Id,
    string CustomerId,
    string Currency,
    decimal Total,
    IReadOnlyList<OrderLine> Lines,
    string PaymentToken,
    DateTimeOffset CreatedAt)
{
    /// <summary>Key of the request that placed it; only the row needs it.</summary>
    [JsonIgnore]
    public string? IdempotencyKey { get; init; }

    /// <summary>SHA-256 of what was ordered; only the row needs it.</summary>
    [JsonIgnore]
    public byte[] ContentHash { get; init; } = [];

    /// <summary>The cheaper way by which its creation is answered before anything is known of it; null for the normal way. Only the row needs it.</summary>
    [JsonIgnore]
    public string? Degraded { get; init; }

    /// <summary>The order as it stood when it was accepted.</summary>
    public OrderView AsPlaced() => View(OrderStatus.Pending, CreatedAt);

    /// <summary>The order as it stood when it was confirmed.</summary>
    public OrderView AsConfirmed(DateTimeOffset at) => View(OrderStatus.Confirmed, at);

    private OrderView View(string status, DateTimeOffset updatedAt) =>
        new(Id, CustomerId, Currency, status, Total, Lines, Failure: null, CreatedAt, updatedAt) { Degraded = Degraded };
}
