namespace ResilientShop.Resilience;

/// <summary>What a sample tells of a share. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).</summary>
internal static class Proportion
{
    /// <summary>One-sided 99 %.</summary>
    public const double Certain = 2.326;

    /// <summary>One-sided 90 %.</summary>
    public const double Likely = 1.282;

    /// <summary>The least share that agrees with a sample.</summary>
    /// <param name="hits">Hits in the sample.</param>
    /// <param name="size">Size of the sample; 0 tells nothing.</param>
    /// <param name="z">How sure, in standard deviations.</param>
    public static double LowerBound(long hits, long size, double z) => size == 0 ? 0 : Centre(hits, size, z) - Radius(hits, size, z);

    /// <summary>The largest share that agrees with a sample.</summary>
    /// <param name="hits">Hits in the sample.</param>
    /// <param name="size">Size of the sample; 0 tells nothing.</param>
    /// <param name="z">How sure, in standard deviations.</param>
    public static double UpperBound(long hits, long size, double z) => size == 0 ? 1 : Centre(hits, size, z) + Radius(hits, size, z);

    private static double Centre(long hits, long size, double z) => (hits + (z * z / 2)) / (size + (z * z));

    private static double Radius(long hits, long size, double z)
    {
        var share = (double)hits / size;
        return z * Math.Sqrt((share * (1 - share) * size) + (z * z / 4)) / (size + (z * z));
    }
}
