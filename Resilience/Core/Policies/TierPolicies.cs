namespace ResilientShop.Resilience;

/// <summary>
/// Tier L1, for jitter that no person notices: connect and read timeouts, resets, DNS hiccups of a dependency that is fast by nature. Immutable.
/// </summary>
public sealed record L1Policy
{
    /// <summary>The time of one attempt: DNS, connect, write and read. Key <c>l1.attempt_timeout_ms</c>; default 50 ms.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Attempts of a call that this tier makes, the first included. Key <c>l1.max_attempts</c>; default 3.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The waits. Default 5 ms, doubled each time, at most 20 ms.</summary>
    public BackoffPolicy Backoff { get; init; } = new() { BaseDelay = TimeSpan.FromMilliseconds(5), MaxDelay = TimeSpan.FromMilliseconds(20) };

    /// <summary>The time of the whole tier, waits included. Key <c>l1.window_ms</c>; default 95 ms.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMilliseconds(95);

    internal void Validate(PolicyErrors errors)
    {
        errors.RequireTime("l1.attempt_timeout_ms", AttemptTimeout);
        errors.RequireTime("l1.window_ms", Window);
        errors.RequireAtLeast("l1.window_ms", Window, "l1.attempt_timeout_ms", AttemptTimeout);
        errors.RequireCount("l1.max_attempts", MaxAttempts, 1, 10);
        Backoff.Validate("l1", errors);
    }
}

/// <summary>Tier L2, for a dependency that is away or overloaded for a moment. Immutable.</summary>
public sealed record L2Policy
{
    /// <summary>The time of one attempt where L1 is off. Key <c>l2.attempt_timeout_ms</c>; default 2 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Attempts of a call that this tier makes, the first included. Key <c>l2.max_attempts</c>; default 3.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The waits. Default 100 ms, doubled each time, at most 3 s.</summary>
    public BackoffPolicy Backoff { get; init; } = new();

    internal void Validate(PolicyErrors errors)
    {
        errors.RequireTime("l2.attempt_timeout_ms", AttemptTimeout);
        errors.RequireCount("l2.max_attempts", MaxAttempts, 1, 10);
        Backoff.Validate("l2", errors);
    }
}

/// <summary>When the circuit breaker of a dependency opens, and for how long. Immutable.</summary>
public sealed record BreakerPolicy
{
    /// <summary>Share of failed attempts at which it opens. Key <c>breaker.failure_ratio</c>; default 0.5.</summary>
    public double FailureRatio { get; init; } = 0.5;

    /// <summary>It never opens on fewer attempts than these within the sampling time. Key <c>breaker.minimum_throughput</c>; default 10.</summary>
    public int MinimumThroughput { get; init; } = 10;

    /// <summary>How far back it looks. Key <c>breaker.sampling_ms</c>; default 10 s.</summary>
    public TimeSpan Sampling { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long it refuses before it lets a probe through. Key <c>breaker.break_ms</c>; default 5 s.</summary>
    public TimeSpan Break { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the dependency usually takes to come back, for example a restart until ready. The break must outlast it: probing earlier only finds
    /// it still away. Key <c>breaker.recovery_ms</c>; default 2 s.
    /// </summary>
    public TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(2);

    internal void Validate(PolicyErrors errors)
    {
        errors.RequireNumber("breaker.failure_ratio", FailureRatio, 0.01, 1);
        errors.RequireCount("breaker.minimum_throughput", MinimumThroughput, 1, 1_000_000);
        errors.RequireTime("breaker.sampling_ms", Sampling);
        errors.RequireTime("breaker.break_ms", Break);
        errors.RequireTime("breaker.recovery_ms", Recovery);
        errors.RequireAtLeast("breaker.break_ms", Break, "breaker.recovery_ms", Recovery);
    }
}

/// <summary>How many retries a dependency may be sent for its requests. Immutable.</summary>
public sealed record RetryBudgetPolicy
{
    /// <summary>Retries at most this share of the requests within the window. Key <c>retry_budget.ratio</c>; default 0.1.</summary>
    public double Ratio { get; init; } = 0.1;

    /// <summary>So many retries within the window are always allowed, for low traffic. Key <c>retry_budget.floor</c>; default 3.</summary>
    public int Floor { get; init; } = 3;

    /// <summary>How far back it looks. Key <c>retry_budget.window_ms</c>; default 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    internal void Validate(PolicyErrors errors)
    {
        errors.RequireNumber("retry_budget.ratio", Ratio, 0, 1);
        errors.RequireCount("retry_budget.floor", Floor, 0, int.MaxValue);
        errors.RequireTime("retry_budget.window_ms", Window);
    }
}

/// <summary>How connections are kept. These numbers hold from the creation of a client's handler; a change needs a restart. Immutable.</summary>
public sealed record ConnectionPolicy
{
    /// <summary>An idle connection is closed after this. Key <c>connections.idle_ms</c>; default 30 s.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection is replaced after this, so that changes of DNS are seen. Key <c>connections.lifetime_ms</c>; default 300 s.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Connections to one host at most. Key <c>connections.max_per_host</c>; default 200.</summary>
    public int MaxPerHost { get; init; } = 200;

    internal void Validate(PolicyErrors errors)
    {
        errors.RequireTime("connections.idle_ms", Idle);
        errors.RequireTime("connections.lifetime_ms", Lifetime);
        errors.RequireCount("connections.max_per_host", MaxPerHost, 1, 100_000);
    }
}
