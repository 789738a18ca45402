namespace Services.Tests.Operations;

/// <summary>What is decided for a whole fleet, second by second.</summary>
public sealed class FleetControllerTests
{
    private static readonly DegradationPolicy Policy = new();
    private static readonly FleetReading Well = Reading(failures: 0, slow: 0);
    private static readonly FleetReading Bad = Reading(failures: 200, slow: 400);
    private static readonly FleetReading Away = FleetReading.Unknown("Prometheus did not answer");

    private readonly FleetController _controller = new("orders", "operations/1 by Prometheus");
    private readonly List<FleetDecision> _decisions = [];
    private TimeSpan _now = TimeSpan.FromHours(1);

    [Fact]
    public void A_fleet_that_is_slow_and_fails_is_degraded_and_the_record_says_why()
    {
        Pass(5, Well);
        Pass(1, Bad);

        _controller.Word.ShouldNotBeNull().ShouldSatisfyAllConditions(
            word => (word.Level, word.NormalShare, word.IsForced, word.By).ShouldBe((DegradationLevel.Degraded, 0, false, "operations/1 by Prometheus")),
            word => word.Reason.ShouldBe("Degraded: P99 3000 ms > 2000 ms (400 of 2000 slower), errors 20 % > 5 % (200 of 1000)"));
        var decision = _decisions.ShouldHaveSingleItem();
        (decision.From, decision.To).ShouldBe(("normal", "degraded"));
        decision.Signals.Select(signal => (signal.Signal, signal.Value, signal.Limit, signal.Sample, signal.IsCrossed, signal.Query)).ShouldBe(
        [
            ("p99", 3, 2, 2000, true, "service:signal_p99_seconds:2m"),
            ("errors", 0.2, 0.05, 1000, true, "service:signal_error_ratio:1m"),
            ("slope", 0, -0.8, 3000, false, "service:signal_slope:3m"),
        ]);
    }

    [Fact]
    public void Slow_alone_is_an_alert_and_nothing_for_the_fleet()
    {
        Pass(30, Reading(failures: 0, slow: 400));
        _decisions.ShouldHaveSingleItem().To.ShouldBe("alert");
        _controller.Word.ShouldBeNull();
        Pass(30, Well);
        _decisions.Select(decision => decision.To).ShouldBe(["alert", "normal"]);
    }

    [Fact]
    public void All_three_break_it()
    {
        Pass(1, Reading(failures: 200, slow: 400, slope: -2));
        _controller.Word!.Level.ShouldBe(DegradationLevel.Broken);
    }

    [Theory]
    [InlineData(5, 3, 10)]
    [InlineData(19, 19, 20)]
    [InlineData(200, 400, 1)]
    public void Too_little_or_one_moment_is_no_evidence(int failures, int slow, int slices)
    {
        var requests = slices == 1 ? 1000 : 19;
        Pass(60, Reading(failures, slow, requests: requests, slices: slices));
        _decisions.ShouldBeEmpty();
    }

    [Fact]
    public void What_was_measured_under_another_way_of_serving_is_no_evidence()
    {
        Pass(120, Bad with { IsSteady = false });
        _decisions.ShouldBeEmpty();
    }

    [Fact]
    public void It_comes_back_in_steps_by_the_requests_that_took_the_normal_way()
    {
        Pass(1, Bad);
        Pass(10, Unsteady(Recovered(0)));
        _controller.Word!.NormalShare.ShouldBe(0.05);
        Pass(4, Unsteady(Recovered(40)));
        _controller.Word.NormalShare.ShouldBe(0.05);
        foreach (var share in new[] { 0.25, 0.5, 1 })
        {
            Pass(5, Unsteady(Recovered(100)));
            _controller.Word!.NormalShare.ShouldBe(share);
        }

        Pass(5, Unsteady(Recovered(100)));
        (_controller.Word, _controller.State.Level).ShouldBe((null, DegradationLevel.Normal));

        // The windows still hold the trouble of before.
        Pass(120, Unsteady(Recovered(0)));
        _decisions.Count.ShouldBe(6);
    }

    [Fact]
    public void A_step_that_fails_falls_back_and_waits_twice_as_long()
    {
        Pass(1, Bad);
        Pass(11, Unsteady(Recovered(0)));
        Pass(2, Unsteady(Recovered(50, failures: 20)));
        _controller.Word!.NormalShare.ShouldBe(0);
        Pass(18, Unsteady(Recovered(0)));
        _controller.Word.NormalShare.ShouldBe(0);
        Pass(2, Unsteady(Recovered(0)));
        _controller.Word.NormalShare.ShouldBe(0.05);
    }

    [Fact]
    public void Missing_signals_change_nothing_and_prove_nothing()
    {
        Pass(1, Bad);
        Pass(5, Unsteady(Recovered(0)));
        Pass(29, Away);
        _controller.Word!.NormalShare.ShouldBe(0, "the time without signals does not count as cooldown");
        Pass(4, Unsteady(Recovered(0)));
        _controller.Word.NormalShare.ShouldBe(0);
        Pass(2, Unsteady(Recovered(0)));
        _controller.Word.NormalShare.ShouldBe(0.05);
    }

    [Fact]
    public void Gaps_in_a_step_pass_it_neither_by_requests_nor_by_the_clock()
    {
        Pass(1, Bad);
        Pass(11, Unsteady(Recovered(0)));
        for (var minute = 0; minute < 10; minute++)
        {
            Pass(20, Away);
            Pass(2, Unsteady(Recovered(0)));
        }

        _controller.Word!.NormalShare.ShouldBe(0.05);
    }

    [Fact]
    public void A_service_without_traffic_is_not_degraded_for_ever()
    {
        Pass(1, Bad);
        Pass(11 + (4 * 61), Unsteady(Recovered(0)));
        _controller.State.Level.ShouldBe(DegradationLevel.Normal);
    }

    [Fact]
    public void After_half_a_minute_without_signals_it_takes_back_its_word_and_says_so()
    {
        Pass(1, Bad);
        Pass(30, Away);
        _controller.Word.ShouldNotBeNull();
        Pass(1, Away);
        _controller.Word.ShouldBeNull();
        _decisions[^1].ShouldSatisfyAllConditions(
            last => (last.From, last.To).ShouldBe(("degraded", "normal")),
            last => last.Reason.ShouldBe("Nothing was known of its signals for 30 s, the instances' own decide: Prometheus did not answer"),
            last => last.Signals.ShouldAllBe(signal => signal.Value == null || signal.Signal == "slope"));
        Pass(600, Away);
        _decisions.Count.ShouldBe(2);
    }

    [Fact]
    public void A_normal_fleet_stays_so_however_long_nothing_is_known()
    {
        Pass(10, Well);
        Pass(600, Away);
        Pass(10, Well);
        _decisions.ShouldBeEmpty();
    }

    [Fact]
    public void A_pause_of_its_own_is_no_time_that_was_watched()
    {
        Pass(1, Bad);
        _now += TimeSpan.FromMinutes(5);
        Pass(9, Unsteady(Recovered(0)));
        _controller.Word!.NormalShare.ShouldBe(0);
    }

    [Fact]
    public void While_somebody_else_speaks_it_says_nothing()
    {
        var other = new FleetDegradation(DegradationLevel.Degraded, 0, IsForced: false, "errors", "orders/1", DateTimeOffset.UnixEpoch);
        Pass(10, Bad, other);
        _decisions.ShouldBeEmpty();

        Pass(1, Bad);
        _controller.Word.ShouldNotBeNull();
        Pass(1, Bad, other with { IsForced = true, Level = DegradationLevel.Normal, By = "ann" });
        (_controller.Word, _decisions[^1].Reason).ShouldBe((null, "ann says normal"));
    }

    [Fact]
    public void A_policy_without_degradation_ends_it()
    {
        Pass(1, Bad);
        _decisions.Add(_controller.Take(Bad, Policy with { IsEnabled = false }, null, _now, DateTimeOffset.UnixEpoch)!);
        (_controller.Word, _decisions[^1].To).ShouldBe((null, "normal"));
        _controller.Take(Bad, Policy with { IsEnabled = false }, null, _now, DateTimeOffset.UnixEpoch).ShouldBeNull();
    }

    private static FleetReading Reading(int failures, int slow, int requests = 1000, int slices = 10, double slope = 0)
    {
        var failing = new WindowReading(requests, failures, 0, failures > 0 ? slices : 0, 0, TimeSpan.Zero);
        var timed = new WindowReading(requests == 1000 ? 2000 : requests, 0, slow, 0, slow > 0 ? slices : 0, TimeSpan.FromSeconds(slow > 0 ? 3 : 0.1));
        return new FleetReading(
            new SignalReading(failing, Rate: 10, Slope: slope, SlopeNoise: 0.01, Latencies: timed), timed.P99.TotalSeconds, (double)failures / requests, IsSteady: true);
    }

    private static WindowReading Recovered(int requests, int failures = 0) => new(requests, failures, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The old trouble is still in the windows, and the way of serving has changed since.</summary>
    private static FleetReading Unsteady(WindowReading recovered) => Bad with { IsSteady = false, Signals = Bad.Signals with { Recovered = recovered } };

    private void Pass(int seconds, FleetReading reading, FleetDegradation? other = null)
    {
        for (; seconds > 0; seconds--)
        {
            _now += TimeSpan.FromSeconds(1);
            if (_controller.Take(reading, Policy, other, _now, DateTimeOffset.UnixEpoch + _now) is { } decision)
            {
                _decisions.Add(decision);
            }
        }
    }
}
