namespace ResilientShop.Resilience;

/// <summary>Which tier makes an attempt.</summary>
public enum Tier
{
    /// <summary>Nobody's: the first attempt of a call.</summary>
    None,

    /// <summary>Transient jitter: milliseconds.</summary>
    L1,

    /// <summary>Service dependency: hundreds of milliseconds.</summary>
    L2,
}

/// <summary>Labels of <see cref="Tier"/>.</summary>
internal static class TierNames
{
    public static string ToName(this Tier tier) => tier switch
    {
        Tier.L1 => "L1",
        Tier.L2 => "L2",
        _ => "none",
    };
}
