using System.Text.Json.Serialization;

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
    DateTimeOffset UpdatedAt)
{
    /// <summary>The cheaper way by which the charge was answered, for example <see cref="PaymentDegradation.CapturedLater"/>; null for the normal way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Degraded { get; init; }

    /// <summary>Number of the provider's receipt; null where none was asked for, as the release before receipts does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? Receipt { get; init; }

    /// <summary>What an answer must look like: JSON Schema, for whoever compares releases.</summary>
    public static Stream OpenSchema() => typeof(PaymentView).Assembly.GetManifestResourceStream("payment.schema.json")!;
}

/// <summary>Cheaper ways of Payments: values of header <c>x-degraded</c> and of <see cref="PaymentView.Degraded"/>.</summary>
public static class PaymentDegradation
{
    /// <summary>The money is authorized; it is captured later.</summary>
    public const string CapturedLater = "captured-later";
}

/// <summary>The states of a payment.</summary>
public static class PaymentStatus
{
    /// <summary>The provider was asked and has not answered yet.</summary>
    public const string Pending = "pending";

    /// <summary>The provider holds the money for us; it is captured later, without anybody asking again.</summary>
    public const string Authorized = "authorized";

    /// <summary>The money is ours.</summary>
    public const string Captured = "captured";

    /// <summary>The provider said no for good.</summary>
    public const string Declined = "declined";

    /// <summary>The money went back, or was never taken and can no longer be.</summary>
    public const string Refunded = "refunded";
}
