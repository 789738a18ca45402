namespace ResilientShop.Contracts;

/// <summary>What an order holds of the stock, as <c>GET /reservations/{orderId}</c> answers it.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Status">One of <see cref="ReservationStatus"/>.</param>
/// <param name="Lines">What it held, by sku; empty where it never held anything.</param>
public sealed record ReservationView(Guid OrderId, string Status, IReadOnlyList<ReservationLine> Lines);

/// <summary>What an order holds of a sku.</summary>
public sealed record ReservationLine(string Sku, decimal Quantity);

/// <summary>The states of a reservation.</summary>
public static class ReservationStatus
{
    /// <summary>The order holds it.</summary>
    public const string Reserved = "reserved";

    /// <summary>It went back, or can no longer be taken.</summary>
    public const string Released = "released";
}
