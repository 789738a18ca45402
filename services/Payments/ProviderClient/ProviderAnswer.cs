namespace ResilientShop.Payments.ProviderClient;

/// <summary>What came of asking the provider.</summary>
internal enum ProviderOutcome
{
    /// <summary>The money is ours.</summary>
    Captured,

    /// <summary>The money is held for us, and not taken yet.</summary>
    Authorized,

    /// <summary>A final no.</summary>
    Declined,

    /// <summary>A final no: there is no such token.</summary>
    UnknownToken,

    /// <summary>The charge is void: given back, or never to be taken.</summary>
    Voided,

    /// <summary>Nothing was taken; a later attempt may succeed.</summary>
    Busy,

    /// <summary>Nothing was taken; an attempt after <see cref="ProviderAnswer.RetryAfter"/> may succeed.</summary>
    RateLimited,

    /// <summary>No usable answer: the money may or may not have been taken.</summary>
    Unavailable,
}

/// <summary>The provider's answer.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="WasCaptured">With <see cref="ProviderOutcome.Voided"/>: the money had been taken before it was given back.</param>
/// <param name="RetryAfter">With <see cref="ProviderOutcome.RateLimited"/>: how long to wait, when the provider said so.</param>
/// <param name="Reason">Without a usable answer: the end of a sentence that starts with "The payment provider".</param>
internal sealed record ProviderAnswer(ProviderOutcome Outcome, bool WasCaptured = false, TimeSpan? RetryAfter = null, string Reason = "refused")
{
    /// <summary>The provider's own number of the charge; null without a usable answer.</summary>
    public Guid? Receipt { get; init; }
}
