namespace Resilience.Tests.Degradation;

public sealed class DegradationEngineTests
{
    private static readonly DegradationPolicy Policy = new();
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(false, false, false, null)]
    [InlineData(true, false, false, DegradationLevel.Alert)]
    [InlineData(false, true, false, null)]
    [InlineData(false, false, true, null)]
    [InlineData(true, true, false, DegradationLevel.Degraded)]
    [InlineData(true, false, true, DegradationLevel.Alert)]
    [InlineData(false, true, true, null)]
    [InlineData(true, true, true, DegradationLevel.Broken)]
    public void The_matrix_says_what_to_do(bool isSlow, bool fails, bool collapses, DegradationLevel? level)
    {
        var decision = Decide(DegradationState.Initial, Reading(1000, fails ? 100 : 0, isSlow ? 100 : 0, slope: collapses ? -1 : 0));
        (decision?.To.Level).ShouldBe(level);
    }

    [Fact]
    public void The_record_says_why_with_value_limit_and_size()
    {
        var decision = Decide(DegradationState.Initial, Reading(1000, 100, 60, slope: -1.25)).ShouldNotBeNull();
        decision.Reason.ShouldBe("Broken: P99 3000 ms > 2000 ms (60 of 1000 slower), errors 10 % > 5 % (100 of 1000), traffic falls by 1.25/s^2 > 0.8/s^2");
        decision.Crossed.ShouldBe(Signals.P99 | Signals.Errors | Signals.Slope);
        decision.Reading.All.Requests.ShouldBe(1000);
    }

    [Theory]
    [InlineData(19, 19, 19, 5)]
    [InlineData(1000, 1000, 1000, 1)]
    [InlineData(100, 1, 1, 2)]
    [InlineData(1000, 50, 10, 9)]
    public void A_spike_few_requests_or_what_chance_explains_trigger_nothing(int requests, int failures, int slow, int slices) =>
        Decide(DegradationState.Initial, Reading(requests, failures, slow, slices: slices)).ShouldBeNull();

    [Theory]
    [InlineData(20, 6, 3)]
    [InlineData(100, 13, 5)]
    [InlineData(10_000, 560, 130)]
    public void Evidence_triggers(int requests, int failures, int slow) =>
        Decide(DegradationState.Initial, Reading(requests, failures, slow)).ShouldNotBeNull().To.Level.ShouldBe(DegradationLevel.Degraded);

    [Fact]
    public void A_slope_that_chance_explains_crosses_nothing()
    {
        DegradationEngine.Crossed(Reading(1000, 0, 0, slope: -1, noise: 0.34), Policy).ShouldBe(Signals.None);
        DegradationEngine.Crossed(Reading(1000, 0, 0, slope: -1, noise: 0.33), Policy).ShouldBe(Signals.Slope);
    }

    [Fact]
    public void What_is_not_known_crosses_nothing() => DegradationEngine.Crossed(default, Policy).ShouldBe(Signals.None);

    [Fact]
    public void An_alert_ends_when_the_service_is_fast_again_and_the_cooldown_over()
    {
        var alert = Decide(DegradationState.Initial, Reading(1000, 0, 100))!.To;
        Decide(alert, Reading(1000, 0, 0), after: 9).ShouldBeNull();
        Decide(alert, Reading(1000, 0, 100), after: 11).ShouldBeNull();
        Decide(alert, Reading(1000, 0, 0), after: 10).ShouldNotBeNull().To.Level.ShouldBe(DegradationLevel.Normal);
        alert.NormalShare(Policy).ShouldBe(1);
    }

    [Fact]
    public void An_alert_ends_by_the_rules_it_began_by_and_says_how_things_are()
    {
        var policy = Policy with { Rules = [new(Signals.Errors, DegradationLevel.Alert)] };
        var alert = Decide(DegradationState.Initial, Reading(1000, 100, 0), policy: policy)!.To;
        Decide(alert, Reading(1000, 100, 0), after: 100, policy).ShouldBeNull("its errors are as many as before");
        Decide(alert, Reading(1000, 0, 100), after: 10, policy).ShouldNotBeNull("slowness alerts nobody").Reason
            .ShouldBe("Normal: nothing to alert of, P99 3000 ms (limit 2000 ms), errors 0 % of 1000 (limit 5 %), slope 0/s^2 (limit -0.8/s^2)");
        Decide(alert, default, after: 10, policy).ShouldNotBeNull().Reason.ShouldBe("Normal: nothing to alert of, no requests");
    }

    [Fact]
    public void An_alert_between_two_troubles_does_not_shorten_the_cooldown()
    {
        var recovered = new DegradationState(DegradationLevel.Normal, -1, Start, TimeSpan.FromSeconds(40), WorkedAt: Start);
        var alert = Decide(recovered, Reading(1000, 0, 100), after: 10)!.To;
        Decide(alert, Reading(1000, 100, 100), after: 1)!.To.Cooldown.ShouldBe(TimeSpan.FromSeconds(80));
        var normal = Decide(alert, Reading(1000, 0, 0), after: 10).ShouldNotBeNull("an alert lasts the policy's own cooldown").To;
        Decide(normal, Reading(1000, 100, 100), after: 1)!.To.Cooldown.ShouldBe(TimeSpan.FromSeconds(80));
    }

    [Fact]
    public void Recovery_goes_in_steps_each_proved_on_the_traffic_that_takes_the_normal_way()
    {
        var state = Degraded();
        Decide(state, Reading(1000, 0, 0), after: 9).ShouldBeNull();
        var shares = new List<double> { state.NormalShare(Policy) };
        state = Decide(state, Reading(1000, 0, 0), after: 10)!.To;
        while (state.Level != DegradationLevel.Normal)
        {
            shares.Add(state.NormalShare(Policy));
            Decide(state, Recovered(requests: 19), after: 5).ShouldBeNull("too few requests");
            Decide(state, Recovered(requests: 500), after: 4).ShouldBeNull("too soon");
            state = Decide(state, Recovered(requests: 20), after: 5).ShouldNotBeNull().To;
        }

        shares.ShouldBe([0, 0.05, 0.25, 0.5, 1]);
        state.NormalShare(Policy).ShouldBe(1);
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(0, 10)]
    public void A_step_that_fails_goes_back_at_once_and_waits_twice_as_long(int failures, int slow)
    {
        var state = Decide(Degraded(), Reading(1000, 0, 0), after: 10)!.To;
        foreach (var cooldown in new[] { 20, 40, 80, 160, 300, 300 })
        {
            var decision = Decide(state, Recovered(20, failures, slow), after: 0.1).ShouldNotBeNull();
            (decision.To.Step, decision.To.Level, decision.To.Cooldown).ShouldBe((-1, DegradationLevel.Degraded, TimeSpan.FromSeconds(cooldown)));
            decision.Reason.ShouldStartWith($"Degraded again, for {cooldown} s: of 20 requests {failures} failed");
            Decide(decision.To, default, after: cooldown - 1).ShouldBeNull();
            state = Decide(decision.To, default, after: cooldown)!.To;
        }
    }

    [Fact]
    public void Without_traffic_a_step_goes_on_when_patience_is_over()
    {
        var state = Decide(Degraded(), default, after: 10)!.To;
        Decide(state, Recovered(requests: 3), after: 59).ShouldBeNull();
        var decision = Decide(state, Recovered(requests: 3), after: 60).ShouldNotBeNull();
        decision.To.Step.ShouldBe(1);
        decision.Reason.ShouldContain("no evidence was against it for 60 s");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(5, 5)]
    public void Bad_ones_among_few_requests_of_a_step_fail_it_only_when_they_come_in_several_moments(int failures, int slow)
    {
        var state = Decide(Degraded(), default, after: 10)!.To;
        Decide(state, Recovered(5, failures, slow), after: 1).ShouldBeNull();
        Decide(state, Recovered(5, failures, slow, slices: 2), after: 1).ShouldNotBeNull().To.Step.ShouldBe(-1);
        Decide(state, Recovered(20, 4 * failures, 4 * slow), after: 1).ShouldNotBeNull().To.Step.ShouldBe(-1);
    }

    [Fact]
    public void Trouble_soon_after_a_recovery_waits_longer_and_much_later_it_is_new()
    {
        var recovered = new DegradationState(DegradationLevel.Normal, -1, Start, TimeSpan.FromSeconds(40), WorkedAt: Start);
        Decide(recovered, Reading(1000, 100, 100), after: 10)!.To.Cooldown.ShouldBe(TimeSpan.FromSeconds(80));
        Decide(recovered, Reading(1000, 100, 100), after: 300)!.To.Cooldown.ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_degraded_service_whose_traffic_collapses_is_broken_off()
    {
        var decision = Decide(Degraded(), Reading(1000, 100, 100, slope: -2), after: 1).ShouldNotBeNull();
        (decision.To.Level, decision.To.Step).ShouldBe((DegradationLevel.Broken, -1));
    }

    [Fact]
    public void What_an_operator_holds_no_signal_changes_until_it_is_released()
    {
        var held = DegradationEngine.Force(DegradationState.Initial, DegradationLevel.Degraded, Start);
        held.NormalShare(Policy).ShouldBe(0);
        Decide(held, Reading(1000, 500, 500, slope: -5), after: 1000).ShouldBeNull();

        var released = DegradationEngine.Release(held, Policy, Start);
        Decide(released, default, after: 9).ShouldBeNull();
        Decide(released, default, after: 10).ShouldNotBeNull().To.Step.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(WrongPolicies))]
    public void A_policy_that_cannot_work_says_what_is_wrong(DegradationPolicy policy, string said) => Should.Throw<PolicyInvalidException>(policy.Validated).Errors.ShouldHaveSingleItem().ToString().ShouldContain(said);

    [Fact]
    public void The_default_policy_is_valid() => Policy.Validated().ShouldBeSameAs(Policy);

    public static TheoryData<DegradationPolicy, string> WrongPolicies() => new()
    {
        { new() { P99Limit = TimeSpan.Zero }, "p99_limit_ms is 0 ms; it must be from 1 to 120000 ms." },
        { new() { ErrorLimit = 1 }, "error_limit is 1; it must be from 0.001 to 0.999." },
        { new() { ErrorLimit = double.NaN }, "error_limit is NaN" },
        { new() { SlopeLimit = 0.8 }, "slope_limit is 0.8" },
        { new() { RateTime = TimeSpan.FromSeconds(1.5) }, "rate_ms is 1500 ms; it must be whole seconds from 1000 to 3600000 ms." },
        { new() { MinimumSlices = 21 }, "minimum_slices is 21; it must be from 1 to 20." },
        { new() { RecoverySteps = [0.5, 0.25, 1] }, "recovery_steps is [0.5, 0.25, 1]; it must be shares that rise from above 0 to 1." },
        { new() { RecoverySteps = [0.5] }, "[0.5]" },
        { new() { RecoverySteps = [] }, "[]" },
        { new() { MaxCooldown = TimeSpan.FromSeconds(1) }, "max_cooldown_ms is 1000 ms; it must be at least cooldown_ms, which is 10000 ms." },
        { new() { Rules = [new(Signals.None, DegradationLevel.Alert)] }, "rules is" },
    };

    private static DegradationState Degraded() => Decide(DegradationState.Initial, Reading(1000, 100, 100))!.To;

    private static DegradationDecision? Decide(DegradationState state, SignalReading reading, double after = 0, DegradationPolicy? policy = null) =>
        DegradationEngine.Decide(state, reading, policy ?? Policy, (state == DegradationState.Initial ? Start : state.Since) + TimeSpan.FromSeconds(after));

    private static SignalReading Reading(int requests, int failures, int slow, int slices = 2, double slope = 0, double noise = 0) =>
        new(Window(requests, failures, slow, slices), default, Rate: 100, Slope: slope, SlopeNoise: noise);

    private static SignalReading Recovered(int requests, int failures = 0, int slow = 0, int slices = 1) => new(default, Window(requests, failures, slow, slices));

    private static WindowReading Window(int requests, int failures, int slow, int slices) =>
        new(requests, failures, slow, failures > 0 ? slices : 0, slow > 0 ? slices : 0, TimeSpan.FromSeconds(slow > requests / 100 ? 3 : 1));
}
