namespace Resilience.Tests.Policies;

/// <summary>One change for each way in which a rule of a policy can be broken.</summary>
internal static class PolicyMutations
{
    private const string Time = "must be more than 0 and at most 3600000 ms";

    public static readonly IReadOnlyDictionary<string, (Func<DependencyPolicy, DependencyPolicy> Mutate, string Key, string Value, string Expected)> All = Build();

    public static TheoryData<string> Names => [.. All.Keys];

    private static Dictionary<string, (Func<DependencyPolicy, DependencyPolicy> Mutate, string Key, string Value, string Expected)> Build()
    {
        var all = new Dictionary<string, (Func<DependencyPolicy, DependencyPolicy> Mutate, string Key, string Value, string Expected)>();
        void Add(string key, object value, string expected, Func<DependencyPolicy, DependencyPolicy> mutate) =>
            all.Add($"{key} = {value}: {expected}", (mutate, key, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}"), expected));

        void AddTime(string key, Func<DependencyPolicy, TimeSpan, DependencyPolicy> set)
        {
            foreach (var ms in (double[])[0, -1, 3_600_000.5])
            {
                Add(key, FormattableString.Invariant($"{ms} ms"), Time, policy => set(policy, TimeSpan.FromMilliseconds(ms)));
            }
        }

        void AddCount(string key, int least, int most, Func<DependencyPolicy, int, DependencyPolicy> set)
        {
            foreach (var count in ((int[])[least - 1, int.MinValue, most == int.MaxValue ? -7 : most + 1]).Distinct())
            {
                Add(key, count, $"must be from {least} to {most}", policy => set(policy, count));
            }
        }

        void AddNumber(string key, double least, double most, Func<DependencyPolicy, double, DependencyPolicy> set)
        {
            foreach (var number in (double[])[least - 0.001, most + 0.001, double.NaN, double.PositiveInfinity, double.NegativeInfinity])
            {
                Add(key, number, FormattableString.Invariant($"must be from {least} to {most}"), policy => set(policy, number));
            }
        }

        AddTime("total_ms", (policy, time) => policy with { Total = time });
        AddTime("min_time_left_ms", (policy, time) => policy with { MinTimeLeft = time });
        AddTime("l1.attempt_timeout_ms", (policy, time) => policy with { L1 = policy.L1! with { AttemptTimeout = time } });
        AddTime("l1.window_ms", (policy, time) => policy with { L1 = policy.L1! with { Window = time } });
        AddTime("l2.attempt_timeout_ms", (policy, time) => policy with { L2 = policy.L2 with { AttemptTimeout = time } });
        AddTime("breaker.sampling_ms", (policy, time) => policy with { Breaker = policy.Breaker! with { Sampling = time } });
        AddTime("breaker.break_ms", (policy, time) => policy with { Breaker = policy.Breaker! with { Break = time } });
        AddTime("breaker.recovery_ms", (policy, time) => policy with { Breaker = policy.Breaker! with { Recovery = time } });
        AddTime("retry_budget.window_ms", (policy, time) => policy with { RetryBudget = policy.RetryBudget! with { Window = time } });
        AddTime("connections.idle_ms", (policy, time) => policy with { Connections = policy.Connections with { Idle = time } });
        AddTime("connections.lifetime_ms", (policy, time) => policy with { Connections = policy.Connections with { Lifetime = time } });
        AddCount("l1.max_attempts", 1, 10, (policy, count) => policy with { L1 = policy.L1! with { MaxAttempts = count } });
        AddCount("l2.max_attempts", 1, 10, (policy, count) => policy with { L2 = policy.L2 with { MaxAttempts = count } });
        AddCount("max_buffered_bytes", 0, int.MaxValue, (policy, count) => policy with { MaxBufferedBytes = count });
        AddCount("breaker.minimum_throughput", 1, 1_000_000, (policy, count) => policy with { Breaker = policy.Breaker! with { MinimumThroughput = count } });
        AddCount("retry_budget.floor", 0, int.MaxValue, (policy, count) => policy with { RetryBudget = policy.RetryBudget! with { Floor = count } });
        AddCount("connections.max_per_host", 1, 100_000, (policy, count) => policy with { Connections = policy.Connections with { MaxPerHost = count } });
        AddNumber("breaker.failure_ratio", 0.01, 1, (policy, number) => policy with { Breaker = policy.Breaker! with { FailureRatio = number } });
        AddNumber("retry_budget.ratio", 0, 1, (policy, number) => policy with { RetryBudget = policy.RetryBudget! with { Ratio = number } });
        foreach (var (tier, set) in Backoffs())
        {
            AddTime($"{tier}.base_delay_ms", (policy, time) => set(policy, backoff => backoff with { BaseDelay = time }));
            AddTime($"{tier}.max_delay_ms", (policy, time) => set(policy, backoff => backoff with { MaxDelay = time }));
            AddNumber($"{tier}.backoff_factor", 1, 10, (policy, number) => set(policy, backoff => backoff with { Factor = number }));
            AddNumber($"{tier}.jitter", 0, 1, (policy, number) => set(policy, backoff => backoff with { Jitter = number }));
            Add($"{tier}.backoff", "9", "must be exponential, fixed", policy => set(policy, backoff => backoff with { Kind = (BackoffKind)9 }));
            Add($"{tier}.max_delay_ms", "2 ms", $"must be at least {tier}.base_delay_ms, which is 3 ms", policy =>
                set(policy, backoff => backoff with { BaseDelay = Ms(3), MaxDelay = Ms(2) }));
        }

        Add("reserve_ms", "-1 ms", "must be at least 0 and less than total_ms", policy => policy with { Reserve = Ms(-1) });
        Add("reserve_ms", "10000 ms", "must be at least 0 and less than total_ms", policy => policy with { Reserve = policy.Total });
        Add("total_ms", "9 ms", "must be at least min_time_left_ms, which is 10 ms", policy => policy with { Total = Ms(9) });
        Add("min_time_left_ms", "5 ms", "must be more than reserve_ms", policy => policy with { MinTimeLeft = policy.Reserve });
        Add("refusals", "7", "must be throw or answer", policy => policy with { Refusals = (RefusalMode)7 });
        Add("l1.window_ms", "49 ms", "must be at least l1.attempt_timeout_ms, which is 50 ms", policy => policy with { L1 = policy.L1! with { Window = Ms(49) } });
        Add("breaker.break_ms", "1 ms", "must be at least breaker.recovery_ms", policy => policy with { Breaker = policy.Breaker! with { Break = Ms(1) } });
        Add("retry_on.http", "404", "must not contain", policy => policy with { RetryOn = new RetrySignals { Http = [404] } });
        return all;
    }

    private static (string Tier, Func<DependencyPolicy, Func<BackoffPolicy, BackoffPolicy>, DependencyPolicy> Set)[] Backoffs() =>
    [
        ("l1", (policy, change) => policy with { L1 = policy.L1! with { Backoff = change(policy.L1!.Backoff) } }),
        ("l2", (policy, change) => policy with { L2 = policy.L2 with { Backoff = change(policy.L2.Backoff) } }),
    ];

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);
}
