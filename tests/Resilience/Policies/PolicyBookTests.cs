namespace Resilience.Tests.Policies;

public sealed class PolicyBookTests
{
    [Fact]
    public void Without_configuration_the_librarys_defaults_hold()
    {
        var book = ConfiguredPolicies.FromKeys();
        book.Check();
        book.PolicyOf("payments").ShouldBe(new DependencyPolicy());
    }

    [Fact]
    public void A_dependency_overrides_code_and_code_overrides_the_defaults()
    {
        var book = ConfiguredPolicies.FromJson(
            """
            { "defaults": { "total_ms": 1000, "l2": { "max_attempts": 5, "jitter": 0 } },
              "dependencies": { "payments": { "l2": { "max_attempts": 2 } } } }
            """,
            options => options.FromCode["payments"] = policy => policy with
            {
                Total = policy.Total * 2,
                L2 = policy.L2 with { MaxAttempts = 4, AttemptTimeout = TimeSpan.FromSeconds(1) },
            });
        var payments = book.PolicyOf("payments");
        payments.Total.ShouldBe(TimeSpan.FromSeconds(2));
        (payments.L2.MaxAttempts, payments.L2.AttemptTimeout, payments.L2.Backoff.Jitter).ShouldBe((2, TimeSpan.FromSeconds(1), 0));

        var others = book.PolicyOf("others");
        (others.Total, others.L2.MaxAttempts).ShouldBe((TimeSpan.FromSeconds(1), 5));
        book.Check();
    }

    [Fact]
    public void Every_key_is_read()
    {
        var policy = ConfiguredPolicies.FromJson(
            """
            { "dependencies": { "payments": {
                "total_ms": 4000.5, "reserve_ms": 7, "min_time_left_ms": 12, "refusals": "Answer", "max_buffered_bytes": 9, "propagate": false,
                "l1": { "attempt_timeout_ms": 40, "max_attempts": 2, "window_ms": 90, "backoff": "fixed", "base_delay_ms": 1, "max_delay_ms": 2, "backoff_factor": 3, "jitter": 0.1 },
                "l2": { "attempt_timeout_ms": 400, "max_attempts": 4, "backoff": "proportional", "base_delay_ms": 10, "max_delay_ms": 20, "backoff_factor": 1.5, "jitter": 0.2 },
                "breaker": { "failure_ratio": 0.25, "minimum_throughput": 3, "sampling_ms": 1000, "break_ms": 500, "recovery_ms": 400 },
                "retry_budget": { "ratio": 0.2, "floor": 1, "window_ms": 2000 },
                "connections": { "idle_ms": 1000, "lifetime_ms": 2000, "max_per_host": 3 },
                "retry_on": { "http": [503], "grpc": ["ABORTED"], "codes": ["LATER"] } } } }
            """).PolicyOf("payments");
        policy.ShouldBe(new DependencyPolicy
        {
            Total = TimeSpan.FromMilliseconds(4000.5),
            Reserve = Ms(7),
            MinTimeLeft = Ms(12),
            Refusals = RefusalMode.Answer,
            MaxBufferedBytes = 9,
            PropagatesContext = false,
            L1 = new() { AttemptTimeout = Ms(40), MaxAttempts = 2, Window = Ms(90), Backoff = new() { Kind = BackoffKind.Fixed, BaseDelay = Ms(1), MaxDelay = Ms(2), Factor = 3, Jitter = 0.1 } },
            L2 = new() { AttemptTimeout = Ms(400), MaxAttempts = 4, Backoff = new() { Kind = BackoffKind.Proportional, BaseDelay = Ms(10), MaxDelay = Ms(20), Factor = 1.5, Jitter = 0.2 } },
            Breaker = new() { FailureRatio = 0.25, MinimumThroughput = 3, Sampling = Ms(1000), Break = Ms(500), Recovery = Ms(400) },
            RetryBudget = new() { Ratio = 0.2, Floor = 1, Window = Ms(2000) },
            Connections = new() { Idle = Ms(1000), Lifetime = Ms(2000), MaxPerHost = 3 },
            RetryOn = new() { Http = [503], Grpc = ["ABORTED"], Codes = ["LATER"] },
        });
    }

    [Fact]
    public void Parts_are_switched_on_by_naming_them_and_off_by_saying_so()
    {
        var book = ConfiguredPolicies.FromJson(
            """
            { "defaults": { "l1": { "enabled": true }, "breaker": { "enabled": false } },
              "dependencies": { "slow": { "l1": { "enabled": false }, "retry_budget": { "enabled": false }, "breaker": { "break_ms": 9000 } } } }
            """);
        book.Check();
        book.PolicyOf("others").L1.ShouldBe(new L1Policy());
        book.PolicyOf("others").Breaker.ShouldBeNull();
        book.PolicyOf("slow").L1.ShouldBeNull();
        book.PolicyOf("slow").RetryBudget.ShouldBeNull();
        book.PolicyOf("slow").Breaker.ShouldBe(new BreakerPolicy { Break = Ms(9000) });
    }

    [Fact]
    public void An_empty_list_means_that_nothing_of_the_kind_is_retried()
    {
        var book = ConfiguredPolicies.FromJson("""{ "dependencies": { "payments": { "retry_on": { "http": [], "codes": ["LATER"] } } } }""");
        book.PolicyOf("payments").RetryOn.ShouldBe(new RetrySignals { Http = [], Codes = ["LATER"] });
    }

    [Fact]
    public void Keys_are_read_in_any_case() =>
        ConfiguredPolicies.FromKeys(("Dependencies:payments:TOTAL_MS", "700")).PolicyOf("payments").Total.ShouldBe(Ms(700));

    [Fact]
    public void Wrong_defaults_are_refused_though_no_dependency_is_known() =>
        ConfiguredPolicies.FromKeys(("defaults:total_ms", "-5")).ShouldBeRefused(dependency: null)
            .ShouldContain(new PolicyError("defaults: total_ms", "-5 ms", "must be more than 0 and at most 3600000 ms"));

    [Fact]
    public void A_number_from_code_is_checked_as_well() => ConfiguredPolicies.FromJson("{}", options =>
    {
        options.Known.Add("payments");
        options.FromCode["payments"] = policy => policy with { Total = TimeSpan.Zero };
    }).ShouldBeRefused().ShouldContain(error => error.Key == "payments: total_ms");

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);
}
