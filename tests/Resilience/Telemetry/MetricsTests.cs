namespace Resilience.Tests.Telemetry;

public sealed class MetricsTests : IDisposable
{
    private static readonly L1Policy Quick = new()
    {
        Backoff = new BackoffPolicy { BaseDelay = TimeSpan.FromMilliseconds(5), MaxDelay = TimeSpan.FromMilliseconds(20), Jitter = 0 },
    };

    private readonly TelemetryWorld _world = new(policy => policy with { L1 = Quick });

    /// <summary>By this name dashboards and collectors know it; a shop that was scaffolded has its own.</summary>
    [Fact]
    public void The_meter_is_named_after_the_library()
    {
        var assembly = typeof(ResilienceMetrics).Assembly.GetName().Name!;

        ResilienceMetrics.Name.ShouldBe(assembly[..assembly.LastIndexOf('.')]);
        DurableTelemetry.Name.ShouldBe(ResilienceMetrics.Name);
    }

    [Fact]
    public async Task Each_retry_is_counted_with_reason_and_tier()
    {
        _world.Shop.Fail(Fault.ConnectionRefused).Answer(503).Answer(200);
        await _world.CallAsync(new CallContext { Channel = ReleaseChannel.Canary });

        var retries = _world.Measured.Of("http.client.retry.count");
        retries.ShouldAllBe(retry => retry.Value == 1);
        retries.Select(retry => (retry.Labels["failure_reason"], retry.Labels["tier"])).ShouldBe([("connection_refused", "L1"), ("http_503", "L2")]);
        retries.ShouldAllBe(retry => retry.Labels["dependency"]!.Equals("shop") && retry.Labels["channel"]!.Equals("canary") && retry.Labels.Count == 4);
    }

    [Fact]
    public async Task Each_wait_is_recorded_with_the_number_of_the_retry()
    {
        _world.Shop.Fail(Fault.ConnectionRefused).Answer(503).Answer(200);
        await _world.CallAsync();

        var waits = _world.Measured.Of("http.client.retry.backoff.ms");
        waits.Select(wait => (wait.Value, wait.Labels["retry_count"], wait.Labels["tier"])).ShouldBe([(5, 1, "L1"), (100, 2, "L2")]);
        waits.ShouldAllBe(wait => wait.Labels["dependency"]!.Equals("shop") && wait.Labels["channel"]!.Equals("stable") && wait.Labels.Count == 4);
    }

    [Fact]
    public async Task A_call_that_works_at_once_is_not_recorded()
    {
        _world.Shop.Answer(200);
        await _world.CallAsync();
        foreach (var name in (string[])["http.client.retry.count", "http.client.retry.backoff.ms", "resilience.call.refused.count", "resilience.deadline.exhausted.count"])
        {
            _world.Measured.Of(name).ShouldBeEmpty();
        }
    }

    [Fact]
    public void The_breakers_state_is_there_while_closed_for_both_channels() =>
        _world.Measured.Observe("resilience.breaker.state").Select(state => (state.Value, state.Labels["dependency"], state.Labels["channel"]))
            .ShouldBe([(0, "shop", "stable"), (0, "shop", "canary")]);

    [Fact]
    public async Task The_breakers_state_follows_what_happens_to_it()
    {
        _world.Registry.Get("shop").Breaker(ReleaseChannel.Canary)!.Isolate("ada", "maintenance");
        _world.Shop.Answer(503).Forever();
        for (var i = 0; i < 10; i++)
        {
            await _world.CallAsync();
        }

        _world.Measured.Observe("resilience.breaker.state").Select(state => state.Value).ShouldBe([2, 3]);
        _world.Clock.Advance(TimeSpan.FromSeconds(5));
        _world.Measured.Observe("resilience.breaker.state").Select(state => state.Value).ShouldBe([1, 3]);
    }

    [Fact]
    public void Each_change_of_a_breaker_is_counted()
    {
        _world.Registry.Get("shop").Breaker()!.Isolate("ada", "maintenance");
        var change = _world.Measured.Of("resilience.breaker.transition.count").ShouldHaveSingleItem();
        (change.Labels["state"], change.Labels["dependency"], change.Labels["channel"]).ShouldBe(("Isolated", "shop", "stable"));
    }

    [Fact]
    public async Task A_call_that_an_open_breaker_ends_is_counted()
    {
        _world.Registry.Get("shop").Breaker()!.Isolate("ada", "maintenance");
        await _world.CallAsync();
        var refusal = _world.Measured.Of("resilience.call.refused.count").ShouldHaveSingleItem();
        (refusal.Labels["error.type"], refusal.Labels["dependency"], refusal.Labels["channel"]).ShouldBe(("BREAKER_OPEN", "shop", "stable"));
    }

    [Fact]
    public async Task Retries_that_the_budget_does_not_allow_are_counted()
    {
        using var world = new TelemetryWorld(policy => policy with { RetryBudget = new RetryBudgetPolicy { Floor = 1 } });
        world.Shop.Answer(503).Forever();
        await world.CallAsync();
        await world.CallAsync();

        world.Measured.Sum("http.client.retry.count").ShouldBe(1);
        var refused = world.Measured.Of("resilience.retry.budget.refused.count");
        refused.Count.ShouldBe(2);
        refused.ShouldAllBe(one => one.Labels["dependency"]!.Equals("shop") && one.Labels["channel"]!.Equals("stable"));
        world.Registry.Get("shop").Budget!.Refusals.ShouldBe(2);
        world.Measured.Observe("resilience.retry.budget.used").ShouldHaveSingleItem().Value.ShouldBe(1);
    }

    [Fact]
    public async Task A_call_that_is_part_of_a_retry_without_budget_is_counted_and_not_made()
    {
        using var world = new TelemetryWorld(policy => policy with { RetryBudget = new RetryBudgetPolicy { Floor = 0 } });
        await world.CallAsync(new CallContext { CallerAttempt = 1 });
        world.Shop.Attempts.ShouldBeEmpty();
        world.Measured.Sum("resilience.retry.budget.refused.count").ShouldBe(1);
        world.Measured.Of("resilience.call.refused.count").ShouldHaveSingleItem().Labels["error.type"].ShouldBe("RETRY_BUDGET_EXHAUSTED");
    }

    [Fact]
    public async Task A_call_without_time_for_an_attempt_is_counted()
    {
        await _world.CallAsync(new CallContext { Deadline = Deadline.After(TimeSpan.FromMilliseconds(9), _world.Clock) });
        _world.Shop.Attempts.ShouldBeEmpty();
        var exhausted = _world.Measured.Of("resilience.deadline.exhausted.count").ShouldHaveSingleItem();
        (exhausted.Labels["dependency"], exhausted.Labels["channel"]).ShouldBe(("shop", "stable"));
        _world.Measured.Of("resilience.call.refused.count").ShouldHaveSingleItem().Labels["error.type"].ShouldBe("NOT_ENOUGH_TIME");
    }

    public void Dispose() => _world.Dispose();
}
