namespace ResilientShop.Contracts;

/// <summary>Values of the <c>code</c> member in the shop's RFC 9457 problem details. Callers switch on them.</summary>
public static class ProblemCodes
{
    /// <summary>400: a field is missing or out of range; <c>errors</c> names each.</summary>
    public const string ValidationFailed = "VALIDATION_FAILED";

    /// <summary>400: the body is not JSON of the expected shape.</summary>
    public const string MalformedBody = "MALFORMED_BODY";

    /// <summary>400: the catalog does not know a sku of the order.</summary>
    public const string UnknownSku = "UNKNOWN_SKU";

    /// <summary>413: the body is larger than the service reads.</summary>
    public const string BodyTooLarge = "BODY_TOO_LARGE";

    /// <summary>415: the body is not <c>application/json</c>.</summary>
    public const string UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE";

    /// <summary>422: the idempotency key was used before with another body.</summary>
    public const string IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED";

    /// <summary>404: there is no such resource.</summary>
    public const string NotFound = "NOT_FOUND";

    /// <summary>405: the resource does not answer this method.</summary>
    public const string MethodNotAllowed = "METHOD_NOT_ALLOWED";

    /// <summary>500: a defect; the trace tells more.</summary>
    public const string InternalError = "INTERNAL_ERROR";

    /// <summary>503 at the gateway: the service behind it cannot be reached.</summary>
    public const string ServiceUnavailable = "SERVICE_UNAVAILABLE";

    /// <summary>504 at the gateway: the time that the route grants is over.</summary>
    public const string DeadlineExceeded = "DEADLINE_EXCEEDED";

    /// <summary>422: the order was charged before with another amount, currency or token.</summary>
    public const string PaymentMismatch = "PAYMENT_MISMATCH";

    /// <summary>409: the stock did not suffice.</summary>
    public const string OutOfStock = "OUT_OF_STOCK";

    /// <summary>402 at Payments, 409 at Orders: the provider refused the card.</summary>
    public const string CardDeclined = "CARD_DECLINED";

    /// <summary>402 at Payments, 409 at Orders: the provider does not know the payment token.</summary>
    public const string UnknownPaymentToken = "UNKNOWN_PAYMENT_TOKEN";

    /// <summary>409: the customer cancelled the order.</summary>
    public const string CancelledByCustomer = "CANCELLED_BY_CUSTOMER";

    /// <summary>409: the payment was refunded or voided before the charge arrived.</summary>
    public const string PaymentVoided = "PAYMENT_VOIDED";

    /// <summary>503 at Payments, 409 at Orders: the payment provider could not be reached or did not answer in time.</summary>
    public const string PaymentUnavailable = "PAYMENT_UNAVAILABLE";

    /// <summary>409: inventory could not be reached until the retries were used up.</summary>
    public const string InventoryUnavailable = "INVENTORY_UNAVAILABLE";

    /// <summary>503: transient, the provider is busy; try again.</summary>
    public const string Busy = "BUSY";

    /// <summary>429: transient, too many requests; try again after <c>Retry-After</c>.</summary>
    public const string RateLimited = "RATE_LIMITED";
}
