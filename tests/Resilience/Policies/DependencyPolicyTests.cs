using CsCheck;

namespace Resilience.Tests.Policies;

public sealed class DependencyPolicyTests
{
    private static readonly Gen<TimeSpan> Times = Gen.Double[1, 3_600_000].Select(TimeSpan.FromMilliseconds);

    [Fact]
    public void The_defaults_are_valid() => new DependencyPolicy { L1 = new L1Policy() }.Validated().MostAttempts.ShouldBe(5);

    [Fact]
    public void The_defaults_are_the_products_promises()
    {
        var l1 = new L1Policy();
        (l1.AttemptTimeout.TotalMilliseconds, l1.MaxAttempts, l1.Window.TotalMilliseconds).ShouldBe((50, 3, 95));
        (l1.Backoff.BaseDelay.TotalMilliseconds, l1.Backoff.MaxDelay.TotalMilliseconds, l1.Backoff.Factor).ShouldBe((5, 20, 2));
        var l2 = new L2Policy();
        (l2.MaxAttempts, l2.Backoff.BaseDelay.TotalMilliseconds, l2.Backoff.MaxDelay.TotalMilliseconds).ShouldBe((3, 100, 3000));
        (l2.Backoff.Factor, l2.Backoff.Jitter).ShouldBe((2, 0.3));
        var connections = new ConnectionPolicy();
        (connections.Idle.TotalSeconds, connections.Lifetime.TotalSeconds, connections.MaxPerHost).ShouldBe((30, 300, 200));
        new DependencyPolicy().MinTimeLeft.TotalMilliseconds.ShouldBe(10);
    }

    [Theory]
    [MemberData(nameof(PolicyMutations.Names), MemberType = typeof(PolicyMutations))]
    public void What_breaks_a_rule_is_refused_with_key_and_expectation(string name)
    {
        var (mutate, key, value, expected) = PolicyMutations.All[name];
        var policy = mutate(new DependencyPolicy { L1 = new L1Policy() });
        var refused = Should.Throw<PolicyInvalidException>(policy.Validated);
        var error = refused.Errors.FirstOrDefault(error => error.Key == key && error.Expected.StartsWith(expected, StringComparison.Ordinal));
        error.ShouldNotBeNull($"{name}: {refused.Message}");
        error.Value.ShouldBe(value);
        refused.Message.ShouldContain(error.ToString());
    }

    [Fact]
    public void Everything_that_is_wrong_is_named_at_once()
    {
        var policy = new DependencyPolicy { Total = TimeSpan.Zero, L2 = new L2Policy { MaxAttempts = 0 }, Connections = new ConnectionPolicy { MaxPerHost = -1 } };
        var keys = Should.Throw<PolicyInvalidException>(policy.Validated).Errors.Select(error => error.Key);
        keys.ShouldBeSubsetOf(["total_ms", "reserve_ms", "l2.max_attempts", "connections.max_per_host"]);
        keys.Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void A_policy_within_the_ranges_is_valid() =>
        Policies().Sample(policy => policy.Validated() == policy && policy.MostAttempts is >= 1 and <= 19);

    [Fact]
    public void A_wrong_policy_is_refused_whole_and_the_old_one_stays()
    {
        var dependency = new DependencyRegistry(_ => new DependencyPolicy()).Get("payments");
        var before = dependency.Policy;
        Should.Throw<PolicyInvalidException>(() => dependency.Apply(before with { Total = TimeSpan.Zero }));
        dependency.Policy.ShouldBeSameAs(before);
    }

    private static Gen<BackoffPolicy> Backoffs() =>
        Gen.Select(Gen.Enum<BackoffKind>(), Times, Times, Gen.Double[1, 10], Gen.Double[0, 1], (kind, one, other, factor, jitter) => new BackoffPolicy
        {
            Kind = kind,
            BaseDelay = one < other ? one : other,
            MaxDelay = one < other ? other : one,
            Factor = factor,
            Jitter = jitter,
        });

    private static Gen<DependencyPolicy> Policies() =>
        from backoff in Backoffs()
        from total in Gen.Double[100, 3_600_000]
        from least in Gen.Double[2, 100]
        from attempts in Gen.Int[1, 10]
        from time in Times
        from hasL1 in Gen.Bool
        from ratio in Gen.Double[0.01, 1]
        from count in Gen.Int[1, 100_000]
        select new DependencyPolicy
        {
            Total = TimeSpan.FromMilliseconds(total),
            MinTimeLeft = TimeSpan.FromMilliseconds(least),
            Reserve = TimeSpan.FromMilliseconds(least / 2),
            L1 = hasL1 ? new L1Policy { AttemptTimeout = time, Window = time, MaxAttempts = attempts, Backoff = backoff } : null,
            L2 = new L2Policy { AttemptTimeout = time, MaxAttempts = attempts, Backoff = backoff },
            Breaker = new BreakerPolicy { FailureRatio = ratio, MinimumThroughput = count, Sampling = time, Break = time, Recovery = time },
            RetryBudget = new RetryBudgetPolicy { Ratio = ratio, Floor = count, Window = time },
            Connections = new ConnectionPolicy { Idle = time, Lifetime = time, MaxPerHost = count },
            MaxBufferedBytes = count,
        };
}
