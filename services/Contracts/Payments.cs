namespace ResilientShop.Contracts;

/// <summary>Body of <c>POST /payments</c>: capture this amount for this order. Idempotent by order id.</summary>
public sealed record ChargeRequest(Guid OrderId, decimal Amount, string Currency, string Token);

/// <summary>A payment as <c>GET /payments/{orderId}</c> answers it.</summary>
public sealed record PaymentView(
    Guid OrderId,
    string Status,
    decimal Amount,
    string Currency,
    decimal Captured,
    decimal Refunded,
    string? FailureCode,
    DateTimeOffset UpdatedAt);

/// <summary>The states of a payment.</summary>
public static class PaymentStatus
{
    /// <summary>The provider was asked and has not answered yet.</summary>
    public const string Pending = "pending";

    /// <summary>The money is ours.</summary>
    public const string Captured = "captured";

    /// <summary>The provider said no for good.</summary>
    public const string Declined = "declined";

    /// <summary>The money went back, or was never taken and can no longer be.</summary>
    public const string Refunded = "refunded";
}
