namespace ResilientShop.Resilience;

/// <summary>How the wait before a retry grows.</summary>
public enum BackoffKind
{
    /// <summary>Times a factor with each retry, up to a cap, plus a random part.</summary>
    Exponential,

    /// <summary>Always the same, plus a random part.</summary>
    Fixed,

    /// <summary>As exponential, times a random number in [0.8, 1.2) instead of plus a random part.</summary>
    Proportional,

    /// <summary>No wait. Right where a retry goes to another instance; a storm where it does not.</summary>
    None,
}

/// <summary>The wait before each retry of a tier. Immutable, thread-safe.</summary>
public sealed record BackoffPolicy
{
    /// <summary>How it grows. Key <c>backoff</c>.</summary>
    public BackoffKind Kind { get; init; } = BackoffKind.Exponential;

    /// <summary>Wait before the first retry. Key <c>base_delay_ms</c>; default 100 ms.</summary>
    public TimeSpan BaseDelay { get; init; } = Backoff.DefaultBase;

    /// <summary>Longest wait, before the random part. Key <c>max_delay_ms</c>; default 3 s.</summary>
    public TimeSpan MaxDelay { get; init; } = Backoff.DefaultMax;

    /// <summary>What each wait is multiplied with to get the next. Key <c>backoff_factor</c>; default 2.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>Share of the wait that the random part may add. Key <c>jitter</c>; default 0.3.</summary>
    public double Jitter { get; init; } = Backoff.DefaultJitterFactor;

    /// <summary>The wait before a retry.</summary>
    /// <param name="retry">Zero for the first retry of the tier.</param>
    /// <param name="random">A number in <c>[0, 1)</c>.</param>
    public TimeSpan DelayBefore(int retry, double random) => Kind switch
    {
        BackoffKind.None => TimeSpan.Zero,
        BackoffKind.Fixed => Backoff.WithJitter(BaseDelay, Jitter, random),
        BackoffKind.Proportional => Backoff.Proportional(Backoff.Exponential(BaseDelay, MaxDelay, retry, Factor), random),
        _ => Backoff.WithJitter(Backoff.Exponential(BaseDelay, MaxDelay, retry, Factor), Jitter, random),
    };

    internal void Validate(string tier, PolicyErrors errors)
    {
        errors.RequireTime($"{tier}.base_delay_ms", BaseDelay);
        errors.RequireTime($"{tier}.max_delay_ms", MaxDelay);
        errors.RequireAtLeast($"{tier}.max_delay_ms", MaxDelay, $"{tier}.base_delay_ms", BaseDelay);
        errors.RequireNumber($"{tier}.backoff_factor", Factor, 1, 10);
        errors.RequireNumber($"{tier}.jitter", Jitter, 0, 1);
        errors.Require($"{tier}.backoff", Kind, Enum.IsDefined(Kind), "must be exponential, fixed, proportional or none");
    }
}
