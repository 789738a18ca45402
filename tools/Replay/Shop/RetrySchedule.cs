namespace Replay.Shop;

/// <summary>
/// How a call is repeated when no answer came, or one that says "not now" (408, 429, 5xx). All calls of the tool are idempotent: reads,
/// absolute writes, cancellations, and orders with a key.
/// </summary>
internal sealed record RetrySchedule
{
    /// <summary>Most repetitions of one call.</summary>
    public int MaxRetries { get; init; } = 10;

    /// <summary>Time an attempt may take, connecting and reading included.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait before the first repetition; it doubles for each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between attempts.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest <c>Retry-After</c> that is followed to the letter.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Wait before repetition <paramref name="retry"/> (0 for the first): <c>min(first * 2^retry, max)</c>, of which the upper half is random
    /// (<paramref name="random"/> in [0, 1)), so that clients which failed together do not come back together.
    /// </summary>
    public TimeSpan Delay(int retry, double random)
    {
        var ceiling = Math.Min(FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(retry, 30)), MaxDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(ceiling * (0.5 + (random / 2)));
    }
}
