namespace ResilientShop.Resilience;

/// <summary>How a call that the tiers end themselves is told to its caller.</summary>
public enum RefusalMode
{
    /// <summary>As an exception that derives from <see cref="TieredCallException"/>.</summary>
    Throw,

    /// <summary>
    /// As an answer that says why: HTTP 503 or 504 with problem details, a <c>code</c> and <c>Retry-After</c>. Some twenty times cheaper than
    /// throwing, at the time when a service can least afford it.
    /// </summary>
    Answer,
}

/// <summary>
/// Everything that governs the calls to one dependency. A snapshot: a call that has started keeps the one it started with. Immutable,
/// thread-safe; two policies with the same numbers are equal.
/// </summary>
public sealed record DependencyPolicy
{
    /// <summary>The time of a whole call, every attempt and wait included, where the request being served has not less. Key <c>total_ms</c>; default 10 s.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Kept back from the last attempt, so that its failure can still be told in time. Key <c>reserve_ms</c>; default 5 ms.</summary>
    public TimeSpan Reserve { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>With less than this left no attempt starts. Key <c>min_time_left_ms</c>; default 10 ms.</summary>
    public TimeSpan MinTimeLeft { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Tier L1; null switches it off, which is right for everything that is not fast by nature. Default off.</summary>
    public L1Policy? L1 { get; init; }

    /// <summary>Tier L2.</summary>
    public L2Policy L2 { get; init; } = new();

    /// <summary>The circuit breaker; null for none.</summary>
    public BreakerPolicy? Breaker { get; init; } = new();

    /// <summary>The retry budget; null for none.</summary>
    public RetryBudgetPolicy? RetryBudget { get; init; } = new();

    /// <summary>The connections.</summary>
    public ConnectionPolicy Connections { get; init; } = new();

    /// <summary>What is worth a retry.</summary>
    public RetrySignals RetryOn { get; init; } = new();

    /// <summary>How the tiers tell that they ended a call. Key <c>refusals</c>; default throw.</summary>
    public RefusalMode Refusals { get; init; } = RefusalMode.Throw;

    /// <summary>
    /// The largest answer, in bytes, that is read within its attempt, so that a stalled body is a timeout like any other. Larger ones, and those
    /// marked as streaming, are handed on as they arrive. Key <c>max_buffered_bytes</c>; default 1 MiB.
    /// </summary>
    public int MaxBufferedBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Whether the dependency is told the time left, the attempt's number and the release channel. Right for one's own services; of no use to
    /// somebody else's. Key <c>propagate</c>; default true.
    /// </summary>
    public bool PropagatesContext { get; init; } = true;

    /// <summary>The most requests that one call can become: the tiers' attempts add up, they do not multiply.</summary>
    public int MostAttempts => L2.MaxAttempts + (L1?.MaxAttempts ?? 1) - 1;

    /// <summary>The time of one attempt.</summary>
    public TimeSpan AttemptTimeout => L1?.AttemptTimeout ?? L2.AttemptTimeout;

    /// <summary>Checks every number.</summary>
    /// <exception cref="PolicyInvalidException">Something is wrong; all of it is named.</exception>
    public DependencyPolicy Validated()
    {
        PolicyErrors.ThrowIfAny(Validate);
        return this;
    }

    internal void Validate(PolicyErrors errors)
    {
        errors.RequireTime("total_ms", Total);
        errors.Require(
            "reserve_ms", $"{Reserve.TotalMilliseconds} ms", Reserve >= TimeSpan.Zero && Reserve < Total, "must be at least 0 and less than total_ms", "total_ms");
        errors.RequireTime("min_time_left_ms", MinTimeLeft);
        errors.RequireAtLeast("total_ms", Total, "min_time_left_ms", MinTimeLeft);
        errors.Require(
            "min_time_left_ms", $"{MinTimeLeft.TotalMilliseconds} ms", MinTimeLeft > Reserve, "must be more than reserve_ms, or an attempt would have no time", "reserve_ms");
        errors.RequireCount("max_buffered_bytes", MaxBufferedBytes, 0, int.MaxValue);
        errors.Require("refusals", Refusals, Enum.IsDefined(Refusals), "must be throw or answer");
        L1?.Validate(errors);
        L2.Validate(errors);
        Breaker?.Validate(errors);
        RetryBudget?.Validate(errors);
        Connections.Validate(errors);
        RetryOn.Validate(errors);
    }
}
