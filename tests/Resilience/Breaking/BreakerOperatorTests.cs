namespace Resilience.Tests.Breaking;

public sealed class BreakerOperatorTests
{
    private readonly BreakerBench _bench = new();

    [Fact]
    public void An_isolated_breaker_refuses_until_it_is_reset()
    {
        _bench.Breaker.Isolate("ada", "maintenance");
        _bench.Clock.Advance(TimeSpan.FromDays(1));
        _bench.Breaker.State.ShouldBe(BreakerState.Isolated);
        _bench.ShouldRefuse();
        _bench.RetryAfter.ShouldBeNull();

        _bench.Breaker.Reset("ada", "done");
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
        _bench.Enter().IsProbe.ShouldBeFalse();
    }

    [Fact]
    public void Reset_closes_an_open_breaker_and_forgets_what_was_counted()
    {
        _bench.Open();
        _bench.Breaker.Reset("ada", "it was us");
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
        _bench.Breaker.Sample.ShouldBe((0, 0));
    }

    [Fact]
    public void A_reset_forgets_calls_that_are_under_way()
    {
        var late = _bench.Enter();
        _bench.Breaker.Reset("ada", "start anew");
        _bench.Report(late, BreakerBench.ItsFault);
        _bench.Breaker.Sample.ShouldBe((0, 0));
    }

    [Fact]
    public void A_call_under_way_does_not_end_an_isolation()
    {
        var late = _bench.Enter();
        _bench.Breaker.Isolate("ada", "maintenance");
        _bench.Report(late, Verdict.Success);
        _bench.Breaker.State.ShouldBe(BreakerState.Isolated);
    }

    [Fact]
    public void The_history_tells_when_what_why_and_who()
    {
        _bench.Open();
        _bench.Clock.Advance(TimeSpan.FromSeconds(1));
        _bench.Breaker.Isolate("ada", "maintenance");

        _bench.Breaker.History.ShouldBe(
        [
            new(VirtualClock.DefaultStart, "payments", ReleaseChannel.Canary, BreakerState.Closed, BreakerState.Open, "4 of 4 attempts failed", null),
            new(
                VirtualClock.DefaultStart.AddSeconds(1), "payments", ReleaseChannel.Canary, BreakerState.Open, BreakerState.Isolated, "maintenance", "ada"),
        ]);
        _bench.Transitions.ShouldBe(_bench.Breaker.History);
    }

    [Fact]
    public void The_history_keeps_the_last_50_changes()
    {
        for (var i = 0; i < 60; i++)
        {
            _bench.Breaker.Isolate("ada", $"{i}");
        }

        _bench.Breaker.History.Select(change => change.Reason).ShouldBe(Enumerable.Range(10, 50).Select(i => $"{i}"));
    }

    [Fact]
    public void A_history_that_was_read_does_not_change_any_more()
    {
        var before = _bench.Breaker.History;
        _bench.Breaker.Isolate("ada", "maintenance");
        before.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public void Nobody_acts_without_a_name(string? actor)
    {
        Should.Throw<ArgumentException>(() => _bench.Breaker.Isolate(actor!, "why"));
        Should.Throw<ArgumentException>(() => _bench.Breaker.Reset(actor!, "why"));
        _bench.Breaker.History.ShouldBeEmpty();
    }
}
