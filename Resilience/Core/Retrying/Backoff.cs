namespace ResilientShop.Resilience;

/// <summary>
/// The arithmetic of waiting between attempts. Pure: randomness is a parameter, nothing waits, nothing overflows.
/// All members are thread-safe.
/// </summary>
/// <remarks>
/// Exponential backoff with an additive random part follows the gRPC connection backoff protocol; why clients must not
/// retry in step is explained in "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
/// </remarks>
public static class Backoff
{
    /// <summary>Default first delay.</summary>
    public static readonly TimeSpan DefaultBase = TimeSpan.FromMilliseconds(100);

    /// <summary>Default longest delay, before jitter.</summary>
    public static readonly TimeSpan DefaultMax = TimeSpan.FromSeconds(3);

    /// <summary>Default share of the backoff that jitter may add.</summary>
    public const double DefaultJitterFactor = 0.3;

    /// <summary>Smallest factor of <see cref="Proportional"/>.</summary>
    public const double ProportionalLow = 0.8;

    /// <summary>Largest factor of <see cref="Proportional"/>.</summary>
    public const double ProportionalHigh = 1.2;

    /// <summary><c>min(baseDelay * 2^attempt, maxDelay)</c>, without jitter.</summary>
    /// <param name="baseDelay">Delay after the first attempt; not negative.</param>
    /// <param name="maxDelay">Upper bound; not negative.</param>
    /// <param name="attempt">Zero for the wait after the first attempt; any non-negative number is fine.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative.</exception>
    public static TimeSpan Exponential(TimeSpan baseDelay, TimeSpan maxDelay, int attempt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(baseDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(attempt);

        if (baseDelay == TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        // base * 2^n > max exactly when base > floor(max / 2^n), and the right side cannot overflow.
        return attempt >= 63 || baseDelay.Ticks > maxDelay.Ticks >> attempt
            ? maxDelay
            : TimeSpan.FromTicks(baseDelay.Ticks << attempt);
    }

    /// <summary><c>min(baseDelay * factor^attempt, maxDelay)</c>, without jitter.</summary>
    /// <param name="baseDelay">Delay after the first attempt; not negative.</param>
    /// <param name="maxDelay">Upper bound; not negative.</param>
    /// <param name="attempt">Zero for the wait after the first attempt; any non-negative number is fine.</param>
    /// <param name="factor">What each wait is multiplied with; finite, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static TimeSpan Exponential(TimeSpan baseDelay, TimeSpan maxDelay, int attempt, double factor)
    {
        if (factor == 2)
        {
            return Exponential(baseDelay, maxDelay, attempt);
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(baseDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(attempt);
        if (!double.IsFinite(factor) || factor < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(factor), factor, "The backoff factor must be finite and at least 1.");
        }

        if (baseDelay == TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        // A power beyond the range of double is infinite, and that is not less than the cap.
        var ticks = baseDelay.Ticks * Math.Pow(factor, attempt);
        return ticks < maxDelay.Ticks ? TimeSpan.FromTicks((long)ticks) : maxDelay;
    }

    /// <summary>Adds a random part in <c>[0, factor * backoff)</c>, so that callers that failed together do not come back together.</summary>
    /// <param name="backoff">The wait before jitter; not negative.</param>
    /// <param name="factor">Share of the backoff that may be added; finite, not negative.</param>
    /// <param name="random">A number in <c>[0, 1)</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static TimeSpan WithJitter(TimeSpan backoff, double factor, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(backoff, TimeSpan.Zero);
        if (!double.IsFinite(factor) || factor < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(factor), factor, "The jitter factor must be finite and not negative.");
        }

        ThrowIfNotInUnitInterval(random);
        return Saturate(backoff.Ticks + (backoff.Ticks * factor * random));
    }

    /// <summary>Multiplies by a random number in <c>[0.8, 1.2)</c>: spreads a storm without making the mean wait longer.</summary>
    /// <param name="backoff">The wait before jitter; not negative.</param>
    /// <param name="random">A number in <c>[0, 1)</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static TimeSpan Proportional(TimeSpan backoff, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(backoff, TimeSpan.Zero);
        ThrowIfNotInUnitInterval(random);
        return Saturate(backoff.Ticks * (ProportionalLow + ((ProportionalHigh - ProportionalLow) * random)));
    }

    private static void ThrowIfNotInUnitInterval(double random)
    {
        if (!(random >= 0 && random < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(random), random, "The random number must be at least 0 and less than 1.");
        }
    }

    private static TimeSpan Saturate(double ticks) =>
        ticks >= long.MaxValue ? TimeSpan.MaxValue : TimeSpan.FromTicks((long)ticks);
}
