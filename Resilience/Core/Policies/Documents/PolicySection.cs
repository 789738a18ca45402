namespace ResilientShop.Resilience.Policies;

/// <summary>Reads the keys of one section over a policy. A key that does not exist is an error, and so is a value of the wrong type.</summary>
internal sealed partial class PolicySection(PolicyNode? node, PolicyErrors errors)
{
    /// <param name="policy">What holds where the section says nothing.</param>
    /// <param name="starts">What its parts start from where the section switches them on.</param>
    /// <param name="isRoute">Whether only what a single call has of its own may be said: breaker, budget and connections belong to all calls.</param>
    public (DependencyPolicy Policy, PolicyStarts Starts) Read(DependencyPolicy policy, PolicyStarts starts, bool isRoute = false)
    {
        (policy, starts) = ReadCall(policy, starts);
        if (!isRoute)
        {
            var breaker = Switchable("breaker", policy.Breaker, starts.Breaker, (keys, current) => keys.ReadBreaker(current));
            var budget = Switchable("retry_budget", policy.RetryBudget, starts.RetryBudget, (keys, current) => keys.ReadBudget(current));
            starts = starts with { Breaker = breaker.Start, RetryBudget = budget.Start };
            policy = policy with { Breaker = breaker.Current, RetryBudget = budget.Current, Connections = Child("connections").ReadConnections(policy.Connections) };
        }

        RefuseUnknown();
        return (policy, starts);
    }

    /// <summary>Numbers of the tiers for whoever has them on; nothing is switched on or off here.</summary>
    public (DependencyPolicy Policy, PolicyStarts Starts) ReadTiers(DependencyPolicy policy, PolicyStarts starts)
    {
        starts = new PolicyStarts(Child("l1").ReadL1(starts.L1), Child("breaker").ReadBreaker(starts.Breaker), Child("retry_budget").ReadBudget(starts.RetryBudget));
        policy = policy with
        {
            L2 = Child("l2").ReadL2(policy.L2),
            Breaker = starts.Breaker,
            RetryBudget = starts.RetryBudget,
            Connections = Child("connections").ReadConnections(policy.Connections),
            RetryOn = Child("retry_on").ReadSignals(policy.RetryOn),
        };
        RefuseUnknown();
        return (policy, starts);
    }

    private (DependencyPolicy Policy, PolicyStarts Starts) ReadCall(DependencyPolicy policy, PolicyStarts starts)
    {
        var l1 = Switchable("l1", policy.L1, starts.L1, (keys, current) => keys.ReadL1(current));
        policy = policy with
        {
            Total = Time("total_ms", policy.Total),
            Reserve = Time("reserve_ms", policy.Reserve),
            MinTimeLeft = Time("min_time_left_ms", policy.MinTimeLeft),
            Refusals = Choice("refusals", policy.Refusals),
            MaxBufferedBytes = Count("max_buffered_bytes", policy.MaxBufferedBytes),
            PropagatesContext = Flag("propagate", policy.PropagatesContext),
            L1 = l1.Current,
            L2 = Child("l2").ReadL2(policy.L2),
            RetryOn = Child("retry_on").ReadSignals(policy.RetryOn),
        };
        return (policy, starts with { L1 = l1.Start });
    }

    /// <summary>When the service degrades.</summary>
    public DegradationPolicy ReadDegradation(DegradationPolicy policy) => Checked(policy with
    {
        IsEnabled = Flag("enabled", policy.IsEnabled),
        P99Limit = Time("p99_limit_ms", policy.P99Limit),
        ErrorLimit = Number("error_limit", policy.ErrorLimit),
        SlopeLimit = Number("slope_limit", policy.SlopeLimit),
        Window = Time("window_ms", policy.Window),
        RateTime = Time("rate_ms", policy.RateTime),
        SlopeTime = Time("slope_ms", policy.SlopeTime),
        MinimumRequests = Count("minimum_requests", policy.MinimumRequests),
        MinimumSlices = Count("minimum_slices", policy.MinimumSlices),
        Rules =
        [
            .. ReadRules("alert_on", policy, DegradationLevel.Alert),
            .. ReadRules("degrade_on", policy, DegradationLevel.Degraded),
            .. ReadRules("break_on", policy, DegradationLevel.Broken),
        ],
        RecoverySteps = List("recovery_steps", policy.RecoverySteps, Share),
        Cooldown = Time("cooldown_ms", policy.Cooldown),
        MaxCooldown = Time("max_cooldown_ms", policy.MaxCooldown),
        StepTime = Time("step_ms", policy.StepTime),
        StepRequests = Count("step_requests", policy.StepRequests),
        Patience = Time("patience_ms", policy.Patience),
    });

    /// <summary>How the service's canary is released.</summary>
    public ReleasePolicy ReadRelease(ReleasePolicy policy) => Checked(policy with
    {
        Steps = List("steps", policy.Steps, Share),
        Checks = Names("checks", policy.Checks),
        P95RatioLimit = Number("p95_ratio_limit", policy.P95RatioLimit),
        P95Slack = Time("p95_slack_ms", policy.P95Slack),
        SuccessMargin = Number("success_margin", policy.SuccessMargin),
        MinimumRequests = Count("minimum_requests", policy.MinimumRequests),
        Interval = Time("interval_ms", policy.Interval),
        Patience = Time("patience_ms", policy.Patience),
    });

    private L1Policy ReadL1(L1Policy l1) => Checked(l1 with
    {
        AttemptTimeout = Time("attempt_timeout_ms", l1.AttemptTimeout),
        MaxAttempts = Count("max_attempts", l1.MaxAttempts),
        Window = Time("window_ms", l1.Window),
        Backoff = ReadBackoff(l1.Backoff),
    });

    private L2Policy ReadL2(L2Policy l2) => Checked(l2 with
    {
        AttemptTimeout = Time("attempt_timeout_ms", l2.AttemptTimeout),
        MaxAttempts = Count("max_attempts", l2.MaxAttempts),
        Backoff = ReadBackoff(l2.Backoff),
    });

    private BackoffPolicy ReadBackoff(BackoffPolicy backoff) => backoff with
    {
        Kind = Choice("backoff", backoff.Kind),
        BaseDelay = Time("base_delay_ms", backoff.BaseDelay),
        MaxDelay = Time("max_delay_ms", backoff.MaxDelay),
        Factor = Number("backoff_factor", backoff.Factor),
        Jitter = Number("jitter", backoff.Jitter),
    };

    private BreakerPolicy ReadBreaker(BreakerPolicy breaker) => Checked(breaker with
    {
        FailureRatio = Number("failure_ratio", breaker.FailureRatio),
        MinimumThroughput = Count("minimum_throughput", breaker.MinimumThroughput),
        Sampling = Time("sampling_ms", breaker.Sampling),
        Break = Time("break_ms", breaker.Break),
        Recovery = Time("recovery_ms", breaker.Recovery),
    });

    private RetryBudgetPolicy ReadBudget(RetryBudgetPolicy budget) => Checked(budget with
    {
        Ratio = Number("ratio", budget.Ratio),
        Floor = Count("floor", budget.Floor),
        Window = Time("window_ms", budget.Window),
    });

    private ConnectionPolicy ReadConnections(ConnectionPolicy connections) => Checked(connections with
    {
        Idle = Time("idle_ms", connections.Idle),
        Lifetime = Time("lifetime_ms", connections.Lifetime),
        MaxPerHost = Count("max_per_host", connections.MaxPerHost),
    });

    /// <summary>Each entry is an alternative: signals that must all cross, joined by a plus.</summary>
    private IEnumerable<DegradationRule> ReadRules(string key, DegradationPolicy policy, DegradationLevel level) =>
        List(key, [.. policy.Rules.Where(rule => rule.Then == level).Select(rule => rule.When)], SignalsTogether).Select(when => new DegradationRule(when, level));

    private RetrySignals ReadSignals(RetrySignals signals) => Checked(new RetrySignals
    {
        Grpc = List("grpc", signals.Grpc, Text),
        Http = List("http", signals.Http, Status),
        Codes = List("codes", signals.Codes, Text),
    });
}
