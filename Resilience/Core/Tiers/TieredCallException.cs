namespace ResilientShop.Resilience;

/// <summary>Why the tiers ended a call themselves.</summary>
public enum RefusalKind
{
    /// <summary>The breaker is open or isolated, or another call is its probe. No attempt was made, or no further one.</summary>
    BreakerOpen,

    /// <summary>There is not enough time for an attempt.</summary>
    NotEnoughTime,

    /// <summary>The caller is retrying, and the dependency's retry budget is used up.</summary>
    RetryBudgetExhausted,

    /// <summary>The last attempt that was allowed had no answer in its time.</summary>
    AttemptTimeout,
}

/// <summary>A call that the tiers ended themselves: what happened, to what, and what to do. Immutable.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Dependency">What was called.</param>
/// <param name="Channel">On which channel.</param>
/// <param name="Attempts">Attempts that were made.</param>
/// <param name="TimeLeft">Time that was left.</param>
/// <param name="LastCause">Why the last attempt failed, for example <c>http_503</c>; null when none was made.</param>
/// <param name="RetryAfter">When another call may be worth it; null when nobody knows.</param>
/// <param name="AttemptTime">Time that the last attempt had; zero when none was made.</param>
public readonly record struct Refusal(
    RefusalKind Kind, string Dependency, ReleaseChannel Channel, int Attempts, TimeSpan TimeLeft, string? LastCause, TimeSpan? RetryAfter, TimeSpan AttemptTime)
{
    /// <summary>Code to switch on, in problem details and exceptions.</summary>
    public string Code => Kind switch
    {
        RefusalKind.BreakerOpen => "BREAKER_OPEN",
        RefusalKind.NotEnoughTime => "NOT_ENOUGH_TIME",
        RefusalKind.RetryBudgetExhausted => "RETRY_BUDGET_EXHAUSTED",
        _ => "ATTEMPT_TIMEOUT",
    };

    /// <summary>A sentence to read.</summary>
    public string Describe() => Kind switch
    {
        RefusalKind.BreakerOpen when RetryAfter is null => $"The breaker of {Dependency} ({Channel.ToName()}) is isolated by an operator{After()}; reset it to go on.",
        RefusalKind.BreakerOpen => $"The breaker of {Dependency} ({Channel.ToName()}) is open{After()}; try again in {RetryAfter!.Value.TotalMilliseconds:0} ms.",
        RefusalKind.NotEnoughTime when Attempts == 0 => $"Not enough time to call {Dependency}: {TimeLeft.TotalMilliseconds:0} ms are left.",
        RefusalKind.NotEnoughTime => $"Not enough time for a retry of {Dependency}: {TimeLeft.TotalMilliseconds:0} ms are left{After()}.",
        RefusalKind.RetryBudgetExhausted => $"The caller is retrying, and the retries that {Dependency} may be sent are used up; do not retry now.",
        _ => $"{Dependency} did not answer within {AttemptTime.TotalMilliseconds:0} ms, at attempt {Attempts}; whether it acted is open.",
    };

    /// <summary>The exception that tells this.</summary>
    public TieredCallException ToException(Exception? inner = null) => Kind switch
    {
        RefusalKind.BreakerOpen => new BreakerOpenException(this, inner),
        RefusalKind.NotEnoughTime => new NotEnoughTimeException(this, inner),
        RefusalKind.RetryBudgetExhausted => new RetryBudgetExhaustedException(this, inner),
        _ => new AttemptTimeoutException(this, inner),
    };

    private string After() => Attempts == 0 ? "" : $" after {Attempts} attempt{(Attempts == 1 ? "" : "s")}, the last cause was {LastCause}";
}

/// <summary>
/// A call that the tiers ended themselves. It is an <see cref="HttpRequestException"/>, so that code which handles failures of a client handles it too.
/// </summary>
public abstract class TieredCallException : HttpRequestException
{
    private protected TieredCallException(Refusal refusal, Exception? inner)
        : base(refusal.Describe(), inner) => Refusal = refusal;

    /// <summary>What happened.</summary>
    public Refusal Refusal { get; }

    /// <summary>Code to switch on.</summary>
    public string Code => Refusal.Code;
}

/// <summary>The breaker refused the call.</summary>
public sealed class BreakerOpenException : TieredCallException
{
    internal BreakerOpenException(Refusal refusal, Exception? inner)
        : base(refusal, inner)
    {
    }
}

/// <summary>There was not enough time for an attempt; the message says how much was left and what the last cause was.</summary>
public sealed class NotEnoughTimeException : TieredCallException
{
    internal NotEnoughTimeException(Refusal refusal, Exception? inner)
        : base(refusal, inner)
    {
    }

    /// <summary>Time that was left.</summary>
    public TimeSpan TimeLeft => Refusal.TimeLeft;

    /// <summary>Why the last attempt failed; null when none was made.</summary>
    public string? LastCause => Refusal.LastCause;
}

/// <summary>The call is part of somebody's retry, and the dependency may not be sent more of those.</summary>
public sealed class RetryBudgetExhaustedException : TieredCallException
{
    internal RetryBudgetExhaustedException(Refusal refusal, Exception? inner)
        : base(refusal, inner)
    {
    }
}

/// <summary>The last attempt had no answer in its time. Whether the dependency acted is open.</summary>
public sealed class AttemptTimeoutException : TieredCallException
{
    internal AttemptTimeoutException(Refusal refusal, Exception? inner)
        : base(refusal, inner)
    {
    }
}
