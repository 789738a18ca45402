using System.Numerics;

namespace ResilientShop.Resilience;

/// <summary>
/// Log-linear buckets of latencies, in microseconds, as in HdrHistogram: 32 to a doubling, so that the middle of a bucket differs from every value in it
/// by at most 1/64 (1.6 %). From 0 to 134 s; what takes longer counts as that.
/// </summary>
internal static class LatencyBuckets
{
    private const int BitsKept = 5;
    private const int Largest = 26;

    /// <summary>How many there are.</summary>
    public const int Count = ((Largest - BitsKept) << BitsKept) + (2 << BitsKept);

    /// <summary>Bucket of a latency, 0 for one that is negative.</summary>
    public static int IndexOf(long microseconds)
    {
        var value = (ulong)Math.Clamp(microseconds, 0, (1L << (Largest + 1)) - 1);
        var shift = Math.Max(0, BitOperations.Log2(value | 1) - BitsKept);
        return (shift << BitsKept) + (int)(value >> shift);
    }

    /// <summary>The least latency of a bucket.</summary>
    public static long LowerBound(int index)
    {
        var shift = ShiftOf(index);
        return (long)(index - (shift << BitsKept)) << shift;
    }

    /// <summary>The latency in the middle of a bucket.</summary>
    public static double Middle(int index) => LowerBound(index) + (((1L << ShiftOf(index)) - 1) / 2.0);

    private static int ShiftOf(int index) => Math.Max(0, (index >> BitsKept) - 1);
}
