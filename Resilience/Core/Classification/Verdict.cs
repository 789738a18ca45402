namespace ResilientShop.Resilience;

/// <summary>How an attempt ended.</summary>
public enum AttemptOutcome
{
    /// <summary>It worked.</summary>
    Success,

    /// <summary>It failed for a reason that may be gone a moment later, and the dependency answered that itself.</summary>
    Transient,

    /// <summary>It failed on the way: no answer, or none in time.</summary>
    TransportFailure,

    /// <summary>It failed, and would fail again.</summary>
    Permanent,

    /// <summary>The caller gave up; it says nothing about the dependency.</summary>
    Abandoned,
}

/// <summary>
/// What <see cref="FailureClassifier"/> makes of an attempt: everything that the tiers need to know of it, whatever the protocol. Immutable.
/// </summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Label for telemetry, of low cardinality: <c>http_503</c>, <c>connection_reset</c>, <c>BUSY</c>.</param>
public readonly record struct Verdict(AttemptOutcome Outcome, string Reason)
{
    /// <summary>It worked.</summary>
    public static readonly Verdict Success = new(AttemptOutcome.Success, "none");

    /// <summary>The caller gave up.</summary>
    public static readonly Verdict Abandoned = new(AttemptOutcome.Abandoned, "cancelled");

    /// <summary>There was no answer within the attempt's own timeout.</summary>
    public static readonly Verdict AttemptTimeout = new(AttemptOutcome.TransportFailure, "attempt_timeout") { IsDependencyFault = true };

    /// <summary>The request certainly never reached the server, so that even one that must not act twice may be sent again.</summary>
    public bool NeverSent { get; init; }

    /// <summary>The breaker counts it as a failure of the dependency.</summary>
    public bool IsDependencyFault { get; init; }

    /// <summary>
    /// The dependency refused because it is broken, on purpose and without trying: its breaker counts it neither as failure nor as success. The callers' breakers are forced for
    /// as long anyway.
    /// </summary>
    public bool IsRefusal { get; init; }

    /// <summary>How long the dependency asks to be left alone (<c>Retry-After</c>); null when it does not ask.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether another attempt may succeed.</summary>
    public bool IsTransient => Outcome is AttemptOutcome.Transient or AttemptOutcome.TransportFailure;
}
