namespace ResilientShop.Resilience;

/// <summary>
/// How often, and after what waits, something that failed for a passing reason is tried again.
/// The three named strategies are the defaults for steps that must become consistent. Immutable, thread-safe.
/// </summary>
public sealed record RetryStrategy
{
    private readonly Func<int, double, TimeSpan> _delay;

    private RetryStrategy(string name, int maxRetries, Func<int, double, TimeSpan> delay)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxRetries);
        (Name, MaxRetries, _delay) = (name, maxRetries, delay);
    }

    /// <summary>100 ms, three times, plus up to 30 %: for hiccups.</summary>
    public static RetryStrategy Fixed { get; } = FixedDelay(TimeSpan.FromMilliseconds(100), maxRetries: 3);

    /// <summary>200, 400, 800 ms, each plus up to 30 %: for a dependency that is overloaded.</summary>
    public static RetryStrategy Exponential { get; } =
        ExponentialDelay(TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(800), maxRetries: 3);

    /// <summary>200, 400, 800 ms, each times a random number in [0.8, 1.2): where many would come back at once.</summary>
    public static RetryStrategy Randomised { get; } = new(
        "randomised",
        3,
        (retry, random) => Backoff.Proportional(
            Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(800), retry), random));

    /// <summary>Name for logs and telemetry.</summary>
    public string Name { get; }

    /// <summary>Number of attempts after the first one.</summary>
    public int MaxRetries { get; }

    /// <summary>The same wait every time, plus jitter.</summary>
    /// <param name="delay">The wait; not negative.</param>
    /// <param name="maxRetries">Attempts after the first one; not negative.</param>
    /// <param name="jitterFactor">Share of the wait that jitter may add.</param>
    public static RetryStrategy FixedDelay(TimeSpan delay, int maxRetries, double jitterFactor = Backoff.DefaultJitterFactor) =>
        new("fixed", maxRetries, (_, random) => Backoff.WithJitter(delay, jitterFactor, random));

    /// <summary>Twice the wait every time up to a cap, plus jitter.</summary>
    /// <param name="baseDelay">The first wait; not negative.</param>
    /// <param name="maxDelay">The longest wait before jitter; not negative.</param>
    /// <param name="maxRetries">Attempts after the first one; not negative.</param>
    /// <param name="jitterFactor">Share of the wait that jitter may add.</param>
    public static RetryStrategy ExponentialDelay(
        TimeSpan baseDelay, TimeSpan maxDelay, int maxRetries, double jitterFactor = Backoff.DefaultJitterFactor) =>
        new("exponential", maxRetries, (retry, random) => Backoff.WithJitter(Backoff.Exponential(baseDelay, maxDelay, retry), jitterFactor, random));

    /// <summary>The wait before a retry.</summary>
    /// <param name="retry">Zero for the first retry.</param>
    /// <param name="random">A number in <c>[0, 1)</c>.</param>
    public TimeSpan DelayBefore(int retry, double random) => _delay(retry, random);
}
