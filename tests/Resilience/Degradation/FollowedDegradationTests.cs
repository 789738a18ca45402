namespace Resilience.Tests.Degradation;

/// <summary>What a service's degradation makes of the fleet, of operators and of policies.</summary>
public sealed class FollowedDegradationTests
{
    [Fact]
    public void An_operator_holds_a_level_and_lets_it_go()
    {
        using var world = new DegradedService();
        world.Service.Force(DegradationLevel.Degraded, "drill").To.State.IsForced.ShouldBeTrue();
        world.Service.Current.NormalShare.ShouldBe(0);
        world.Pass(100);
        world.Service.Current.State.Level.ShouldBe(DegradationLevel.Degraded);
        world.Service.Release("drill over");
        world.Pass(11);
        world.Service.Current.State.Step.ShouldBe(0);
        world.Changes.Select(change => change.Reason).Take(2).ShouldBe(["drill", "drill over"]);
    }

    [Fact]
    public void The_fleet_counts_where_it_is_worse()
    {
        using var world = new DegradedService();
        var fleet = new FleetDegradation(DegradationLevel.Broken, 0.25, IsForced: false, "errors", "orders-2", VirtualClock.DefaultStart);
        world.Service.Follow(fleet);
        (world.Service.Current.Level, world.Service.Current.NormalShare).ShouldBe((DegradationLevel.Broken, 0.25));
        world.Service.Current.State.ShouldBe(DegradationState.Initial, "its own signals say nothing");

        world.Degrade();
        world.Service.Current.NormalShare.ShouldBe(0);
        world.Service.Follow(null);
        (world.Service.Current.Level, world.Service.Current.NormalShare).ShouldBe((DegradationLevel.Degraded, 0));
        world.Changes.Select(change => change.Reason).ShouldBe(
            ["Fleet at Broken, by orders-2: errors", world.Changes[1].Decision!.Reason, "orders-2 says nothing of the fleet any more"]);
    }

    [Fact]
    public void An_operators_word_for_the_fleet_goes_over_the_own_signals()
    {
        using var world = new DegradedService();
        world.Degrade();
        world.Service.Follow(new FleetDegradation(DegradationLevel.Normal, 1, IsForced: true, "known fault, keep selling", "ann", VirtualClock.DefaultStart));
        (world.Service.Current.Level, world.Service.Current.NormalShare).ShouldBe((DegradationLevel.Normal, 1));
        world.Service.Current.State.Level.ShouldBe(DegradationLevel.Degraded);
    }

    [Fact]
    public void Neither_following_nor_policies_that_say_the_same_forget_what_a_step_of_recovery_has_proved()
    {
        using var world = new DegradedService();
        world.Degrade();
        world.Pass(11);
        world.Serve(3);
        world.Service.Follow(new FleetDegradation(DegradationLevel.Degraded, 0.05, IsForced: false, "same", "orders-2", VirtualClock.DefaultStart));
        world.Service.Apply(DegradedService.Policy with { RecoverySteps = [.. DegradedService.Policy.RecoverySteps], Rules = [.. DegradedService.Policy.Rules] });
        world.Service.Reading.Recovered.Requests.ShouldBe(3);
    }

    [Fact]
    public void What_nobody_notices_is_no_change()
    {
        using var world = new DegradedService();
        world.Service.Follow(new FleetDegradation(DegradationLevel.Normal, 1, IsForced: false, "well", "orders-2", VirtualClock.DefaultStart));
        world.Service.Apply(DegradedService.Policy with { ErrorLimit = 0.2 });
        world.Changes.ShouldBeEmpty();
        world.Service.Changes.ShouldBeEmpty();
    }

    [Fact]
    public void Another_policy_holds_at_once()
    {
        using var world = new DegradedService();
        world.Degrade();
        world.Service.Apply(DegradedService.Policy with { IsEnabled = false });
        world.Service.Current.Level.ShouldBe(DegradationLevel.Normal);
        world.Pass(1);
        world.Service.Current.Level.ShouldBe(DegradationLevel.Normal, "the signals are as bad as before");

        world.Service.Apply(DegradedService.Policy with { ErrorLimit = 0.9 });
        world.Service.Reading.All.Failures.ShouldBe(40, "what was counted stays");
        Should.Throw<PolicyInvalidException>(() => world.Service.Apply(DegradedService.Policy with { ErrorLimit = 2 }));
        world.Service.Current.Policy.ErrorLimit.ShouldBe(0.9);
    }

    [Fact]
    public void A_service_that_may_not_degrade_follows_operators_only()
    {
        using var world = new DegradedService();
        world.Service.Apply(DegradedService.Policy with { IsEnabled = false });
        var fleet = new FleetDegradation(DegradationLevel.Broken, 0, IsForced: false, "errors", "orders-2", VirtualClock.DefaultStart);
        world.Service.Follow(fleet);
        world.Service.Current.NormalShare.ShouldBe(1);
        world.Service.Follow(fleet with { IsForced = true });
        world.Service.Current.NormalShare.ShouldBe(0);
    }

    [Fact]
    public void Another_length_of_time_starts_to_count_anew_and_is_no_collapse()
    {
        using var world = new DegradedService();
        for (var second = 0; second < 20; second++)
        {
            world.Serve(40);
            world.Pass(1);
        }

        world.Service.Apply(DegradedService.Policy with { Window = TimeSpan.FromSeconds(2) });
        world.Service.Reading.All.Requests.ShouldBe(0);
        world.Serve(40);
        world.Pass(1);
        (world.Service.Reading.Rate, world.Service.Reading.Slope).ShouldBe((40, 0));

        world.Service.Apply(DegradedService.Policy with { SlopeTime = TimeSpan.FromSeconds(20) });
        world.Serve(40);
        world.Pass(1);
        world.Service.Reading.Slope.ShouldBeNull();
    }

    [Fact]
    public void The_last_fifty_changes_are_kept()
    {
        using var world = new DegradedService();
        for (var drill = 0; drill < 60; drill++)
        {
            world.Service.Force(DegradationLevel.Alert, $"drill {drill}");
        }

        world.Service.Changes.Select(change => change.Reason).ShouldBe(Enumerable.Range(10, 50).Select(drill => $"drill {drill}"));
    }

    [Fact]
    public void A_policy_that_cannot_work_is_refused() =>
        Should.Throw<PolicyInvalidException>(() => new ServiceDegradation("shop", new DegradationPolicy { ErrorLimit = 0 }, new VirtualClock())).Message
            .ShouldBe("error_limit is 0; it must be from 0.001 to 0.999.");
}
