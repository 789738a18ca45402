using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Orders.Checkout;

/// <summary>Times of checkout, in milliseconds. Bound from configuration section <c>Checkout</c>, validated at start.</summary>
internal sealed class CheckoutOptions
{
    /// <summary>How long a caller that names no deadline is kept waiting. Default 2000.</summary>
    [Range(1, 3_600_000)]
    public int SlaMs { get; set; } = 2000;

    /// <summary>Kept back from the caller's deadline for the answer's own way. Default 50.</summary>
    [Range(0, 60_000)]
    public int ReserveMs { get; set; } = 50;

    /// <summary>Skus that are remembered as known, so that Inventory is not asked for each order. Default 50,000.</summary>
    [Range(0, 10_000_000)]
    public int KnownSkus { get; set; } = 50_000;

    /// <summary>
    /// How long an order of which a step failed as often as it may is held, so that the cause can be healed, before it is cancelled; each try of whoever heals begins it anew.
    /// Default 20,000; 0 cancels at once.
    /// </summary>
    [Range(0, 86_400_000)]
    public int HoldMs { get; set; } = 20_000;

    public TimeSpan Hold => TimeSpan.FromMilliseconds(HoldMs);

    public TimeSpan Sla => TimeSpan.FromMilliseconds(SlaMs);

    public TimeSpan Reserve => TimeSpan.FromMilliseconds(ReserveMs);
}
