namespace ResilientShop.Payments.Provider;

/// <summary>Body of <c>POST /provider/charges</c> and <c>/provider/authorizations</c>; the idempotency key is a header.</summary>
internal sealed record ProviderChargeRequest(decimal Amount, string Currency, string Token);

/// <summary>A charge as the provider shows it.</summary>
internal sealed record ProviderCharge(Guid Id, string Status, decimal Captured, decimal Refunded)
{
    public const string Open = "open";
    public const string Authorized = "authorized";
    public const string Taken = "captured";
    public const string Declined = "declined";
    public const string Voided = "voided";
}

/// <summary>Values of <c>code</c> in the provider's problem details.</summary>
internal static class ProviderErrors
{
    public const string UnknownToken = "UNKNOWN_TOKEN";
    public const string Declined = "DECLINED";
    public const string RateLimited = "RATE_LIMITED";
    public const string Busy = "BUSY";
    public const string NotAuthorized = "NOT_AUTHORIZED";
}

/// <summary>The part of the provider's problem details that callers switch on.</summary>
internal sealed record ProviderProblem(string? Code);
