namespace ResilientShop.Resilience;

/// <summary>Arithmetic on timestamps of a <see cref="TimeProvider"/>, whatever their unit is. Saturates instead of overflowing.</summary>
internal static class Stamps
{
    /// <summary><paramref name="span"/> in the unit of <paramref name="time"/>'s timestamps.</summary>
    public static long From(TimeSpan span, TimeProvider time) =>
        (long)Int128.Clamp((Int128)span.Ticks * time.TimestampFrequency / TimeSpan.TicksPerSecond, long.MinValue, long.MaxValue);

    /// <summary>The time from <paramref name="from"/> to <paramref name="to"/>; zero when it has passed.</summary>
    public static TimeSpan Between(long from, long to, TimeProvider time)
    {
        if (to <= from)
        {
            return TimeSpan.Zero;
        }

        // Clocks tick in whole fractions of 100 ns nearly everywhere; 128-bit arithmetic is for the others and for overflow.
        var stamps = unchecked(to - from);
        var (perTick, rest) = Math.DivRem(time.TimestampFrequency, TimeSpan.TicksPerSecond);
        return stamps > 0 && rest == 0
            ? new TimeSpan(stamps / perTick)
            : new TimeSpan((long)Int128.Min(((Int128)to - from) * TimeSpan.TicksPerSecond / time.TimestampFrequency, long.MaxValue));
    }

    /// <summary>The timestamp that comes <paramref name="stamps"/>, not negative, after <paramref name="from"/>.</summary>
    public static long Add(long from, long stamps)
    {
        var sum = unchecked(from + stamps);
        return sum < from ? long.MaxValue : sum;
    }
}
