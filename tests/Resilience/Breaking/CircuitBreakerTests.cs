namespace Resilience.Tests.Breaking;

public sealed class CircuitBreakerTests
{
    private readonly BreakerBench _bench = new();

    [Fact]
    public void It_stays_closed_below_the_minimum_throughput_though_everything_fails()
    {
        _bench.Make(3, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
        _bench.Breaker.Sample.ShouldBe((3, 3));

        _bench.Make(1, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Open);
        _bench.Transitions.ShouldHaveSingleItem().Reason.ShouldBe("4 of 4 attempts failed");
    }

    [Fact]
    public void It_stays_closed_below_the_failure_ratio()
    {
        _bench.Make(6, Verdict.Success);
        _bench.Make(5, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);

        _bench.Make(1, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Open);
    }

    [Fact]
    public void Failures_that_are_not_the_dependencys_count_as_answers()
    {
        _bench.Make(100, BreakerBench.NotItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
        _bench.Breaker.Sample.ShouldBe((100, 0));
    }

    [Fact]
    public void Abandoned_attempts_count_as_nothing()
    {
        _bench.Make(100, Verdict.Abandoned);
        _bench.Breaker.Sample.ShouldBe((0, 0));
    }

    [Fact]
    public void Failures_older_than_the_sampling_time_are_forgotten()
    {
        _bench.Make(3, BreakerBench.ItsFault);
        _bench.Clock.Advance(TimeSpan.FromSeconds(8.9));
        _bench.Breaker.Sample.ShouldBe((3, 3));

        _bench.Clock.Advance(TimeSpan.FromSeconds(1.1));
        _bench.Breaker.Sample.ShouldBe((0, 0));
        _bench.Make(3, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public void An_open_breaker_refuses_and_tells_how_long_it_will()
    {
        _bench.Open();
        _bench.ShouldRefuse();
        _bench.RetryAfter.ShouldBe(TimeSpan.FromSeconds(5));

        _bench.Clock.Advance(TimeSpan.FromSeconds(4.999));
        _bench.ShouldRefuse();
        _bench.RetryAfter.ShouldBe(TimeSpan.FromMilliseconds(1));
        _bench.Breaker.State.ShouldBe(BreakerState.Open);
        _bench.Breaker.Refusals.ShouldBe(2);
    }

    [Fact]
    public void It_shows_as_half_open_when_the_break_is_over()
    {
        _bench.Open();
        _bench.Clock.Advance(TimeSpan.FromSeconds(5));
        _bench.Breaker.State.ShouldBe(BreakerState.HalfOpen);
        _bench.Refuses.ShouldBeFalse();
        _bench.RetryAfter.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Calls_under_way_when_it_opened_do_not_lengthen_the_break()
    {
        var late = _bench.Enter();
        _bench.Open();
        _bench.Clock.Advance(TimeSpan.FromSeconds(4));
        _bench.Report(late, BreakerBench.ItsFault);
        _bench.RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));
        _bench.Transitions.Count.ShouldBe(1);
    }

    [Fact]
    public void A_late_report_does_not_count_for_the_time_after_the_break()
    {
        var late = _bench.Enter();
        _bench.Report(_bench.Probe(), Verdict.Success);
        _bench.Report(late, BreakerBench.ItsFault);
        _bench.Breaker.Sample.ShouldBe((0, 0));
    }

    [Fact]
    public void It_opens_once_though_many_threads_report_failures()
    {
        var tickets = Enumerable.Range(0, 64).Select(_ => _bench.Enter()).ToList();
        Parallel.ForEach(tickets, ticket => _bench.Report(ticket, BreakerBench.ItsFault));
        _bench.Transitions.ShouldHaveSingleItem().To.ShouldBe(BreakerState.Open);
    }
}
