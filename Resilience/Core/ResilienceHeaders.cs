namespace ResilientShop.Resilience;

/// <summary>
/// Names of the control headers that services exchange. They are a wire contract: changing one breaks callers
/// that run an older version. An edge gateway must strip them from requests that come from strangers.
/// </summary>
public static class ResilienceHeaders
{
    /// <summary>Time left for the whole call when it was sent, in milliseconds. Relative, so clocks need not agree.</summary>
    public const string DeadlineMs = "x-deadline-ms";

    /// <summary>Number of the attempt that carries this request; absent or 0 on the first one.</summary>
    public const string RetryAttempt = "x-retry-attempt";

    /// <summary>Identifier of the chaos experiment this request takes part in.</summary>
    public const string ChaosExperiment = "x-chaos-experiment";

    /// <summary>Set on an answer that was produced in a degraded mode; the value names the mode.</summary>
    public const string Degraded = "x-degraded";

    /// <summary>
    /// Set to <see cref="RecoveryTrialValue"/> on a request of the share by which a broken service recovers: its caller has drawn, so that the service need not draw again.
    /// </summary>
    public const string RecoveryTrial = "x-recovery-trial";

    /// <summary>The only value of <see cref="RecoveryTrial"/>.</summary>
    public const string RecoveryTrialValue = "1";

    /// <summary>Release channel of the request: <c>stable</c> or <c>canary</c>.</summary>
    public const string ReleaseChannel = "X-Release-Channel";

    /// <summary>Key under which a repeated request has the effect and the answer of the first one (IETF draft idempotency-key-header).</summary>
    public const string IdempotencyKey = "Idempotency-Key";
}
