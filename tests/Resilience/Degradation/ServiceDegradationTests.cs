using System.Threading.Channels;
using ResilientShop.Resilience.Testing;

namespace ResilientShop.Resilience.Tests.Degradation;

public sealed class ServiceDegradationTests
{
    private static readonly DegradationPolicy Policy = new()
    {
        RateTime = TimeSpan.FromSeconds(5), SlopeTime = TimeSpan.FromSeconds(10), StepRequests = 5, MinimumRequests = 10,
    };

    [Fact]
    public void Bad_requests_in_several_moments_degrade_the_service_and_others_bring_it_back()
    {
        using var world = new World();
        world.Serve(20, failed: true, slow: true);
        world.Service.Decide();
        world.Service.Current.State.Level.ShouldBe(DegradationLevel.Normal, "all in one moment");

        world.Pass(1);
        world.Serve(5, failed: true, slow: true);
        world.Service.Decide();
        world.Service.Current.State.Level.ShouldBe(DegradationLevel.Degraded);
        world.Service.Current.TakesNormalWay(0).ShouldBeFalse();

        world.Pass(11);
        world.Service.Current.NormalShare.ShouldBe(0.05);
        foreach (var share in new[] { 0.25, 0.5, 1 })
        {
            world.Serve(5);
            world.Pass(6);
            world.Service.Current.NormalShare.ShouldBe(share);
        }

        world.Serve(5);
        world.Pass(6);
        world.Service.Current.State.Level.ShouldBe(DegradationLevel.Normal);
        world.Changes.Select(change => change.To.Level).Distinct().ShouldBe([DegradationLevel.Degraded, DegradationLevel.Normal]);
    }

    [Fact]
    public void A_step_is_judged_by_requests_that_began_in_it_and_took_the_normal_way()
    {
        using var world = new World();
        world.Degrade();
        var before = world.Service.Current;
        world.Pass(11);
        world.Service.Current.State.Step.ShouldBe(0);

        var (endpoint, startedAt) = (world.Service.Endpoint("a"), world.Clock.GetTimestamp());
        world.Service.Record(endpoint, before, tookNormalWay: true, startedAt, hasFailed: true);
        world.Service.Record(endpoint, world.Service.Current, tookNormalWay: false, startedAt, hasFailed: true);
        world.Service.Reading.Recovered.Requests.ShouldBe(0);
        world.Service.Record(endpoint, world.Service.Current, tookNormalWay: true, startedAt, hasFailed: true);
        world.Service.Reading.Recovered.Requests.ShouldBe(1);
    }

    [Fact]
    public void Collapsing_traffic_is_told_by_the_second()
    {
        using var world = new World();
        for (var second = 0; second < 20; second++)
        {
            world.Serve(40);
            world.Pass(1);
        }

        (world.Service.Reading.Rate, world.Service.Reading.Slope).ShouldBe((40, 0));
        world.Pass(1, 1, 1, 1);
        world.Service.Reading.Rate.ShouldBe(8);
        world.Service.Reading.Slope.ShouldNotBeNull().ShouldBeLessThan(-2);
    }

    [Fact]
    public void A_pause_of_the_process_is_no_collapse()
    {
        using var world = new World();
        for (var second = 0; second < 20; second++)
        {
            world.Serve(40);
            world.Pass(1);
        }

        world.Serve(40 * 6);
        world.Pass(6);
        (world.Service.Reading.Rate, world.Service.Reading.Slope).ShouldBe((40, 0));
    }

    [Fact]
    public void All_endpoints_count_together()
    {
        using var world = new World();
        world.Serve(3, endpoint: "a");
        world.Serve(4, failed: true, endpoint: "b");
        (world.Service.Reading.All.Requests, world.Service.Reading.All.Failures).ShouldBe((7, 4));
        world.Service.Endpoint("a").ShouldBeSameAs(world.Service.Endpoint("a"));
    }

    [Fact]
    public async Task A_bad_request_wakes_the_decision_at_once()
    {
        using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Serve(20, failed: true, slow: true);
            await Task.Delay(TimeSpan.FromMilliseconds(600), world.Clock);
            world.Heard.Reader.TryRead(out _).ShouldBeFalse("all in one moment");

            var before = world.Clock.Elapsed;
            world.Serve(1, failed: true, slow: true);
            var change = await world.Heard.Reader.ReadAsync();
            change.To.Level.ShouldBe(DegradationLevel.Degraded);
            world.Service.Current.ShouldBeSameAs(change.To, "what is told is in effect");
            (world.Clock.Elapsed - before).ShouldBe(TimeSpan.Zero);
        });
        world.Clock.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public async Task Of_many_bad_requests_at_once_one_decision_comes()
    {
        using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Serve(20, failed: true, slow: true);
            await Task.Delay(TimeSpan.FromMilliseconds(600), world.Clock);
            var position = world.Service.Current;
            var endpoint = world.Service.Endpoint("a");
            Parallel.For(0, 8, _ =>
            {
                for (var request = 0; request < 2000; request++)
                {
                    world.Service.Record(endpoint, position, tookNormalWay: true, world.Clock.GetTimestamp() - TimeSpan.FromSeconds(3).Ticks, hasFailed: true);
                }
            });
            await world.Heard.Reader.ReadAsync();
        });
        world.Changes.Count.ShouldBe(1);
        world.Service.Reading.All.Failures.ShouldBe(16_020);
    }

    [Fact]
    public async Task Bad_requests_that_come_close_together_share_a_decision()
    {
        using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Serve(1, failed: true);
            world.Serve(1, failed: true);
            await Task.Delay(TimeSpan.FromMilliseconds(100), world.Clock);
            world.Clock.ActiveTimers.ShouldBe(1, "it sleeps until the next second");
        });
    }

    [Fact]
    public void An_operator_holds_a_level_and_lets_it_go()
    {
        using var world = new World();
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
        using var world = new World();
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
        using var world = new World();
        world.Degrade();
        world.Service.Follow(new FleetDegradation(DegradationLevel.Normal, 1, IsForced: true, "known fault, keep selling", "ann", VirtualClock.DefaultStart));
        (world.Service.Current.Level, world.Service.Current.NormalShare).ShouldBe((DegradationLevel.Normal, 1));
        world.Service.Current.State.Level.ShouldBe(DegradationLevel.Degraded);
    }

    [Fact]
    public void Neither_following_nor_policies_that_say_the_same_forget_what_a_step_of_recovery_has_proved()
    {
        using var world = new World();
        world.Degrade();
        world.Pass(11);
        world.Serve(3);
        world.Service.Follow(new FleetDegradation(DegradationLevel.Degraded, 0.05, IsForced: false, "same", "orders-2", VirtualClock.DefaultStart));
        world.Service.Apply(Policy with { RecoverySteps = [.. Policy.RecoverySteps], Rules = [.. Policy.Rules] });
        world.Service.Reading.Recovered.Requests.ShouldBe(3);
    }

    [Fact]
    public void What_nobody_notices_is_no_change()
    {
        using var world = new World();
        world.Service.Follow(new FleetDegradation(DegradationLevel.Normal, 1, IsForced: false, "well", "orders-2", VirtualClock.DefaultStart));
        world.Service.Apply(Policy with { ErrorLimit = 0.2 });
        world.Changes.ShouldBeEmpty();
        world.Service.Changes.ShouldBeEmpty();
    }

    [Fact]
    public void Another_policy_holds_at_once()
    {
        using var world = new World();
        world.Degrade();
        world.Service.Apply(Policy with { IsEnabled = false });
        world.Service.Current.Level.ShouldBe(DegradationLevel.Normal);
        world.Pass(1);
        world.Service.Current.Level.ShouldBe(DegradationLevel.Normal, "the signals are as bad as before");

        world.Service.Apply(Policy with { ErrorLimit = 0.9 });
        world.Service.Reading.All.Failures.ShouldBe(40, "what was counted stays");
        Should.Throw<PolicyInvalidException>(() => world.Service.Apply(Policy with { ErrorLimit = 2 }));
        world.Service.Current.Policy.ErrorLimit.ShouldBe(0.9);
    }

    [Fact]
    public void A_service_that_may_not_degrade_follows_operators_only()
    {
        using var world = new World();
        world.Service.Apply(Policy with { IsEnabled = false });
        var fleet = new FleetDegradation(DegradationLevel.Broken, 0, IsForced: false, "errors", "orders-2", VirtualClock.DefaultStart);
        world.Service.Follow(fleet);
        world.Service.Current.NormalShare.ShouldBe(1);
        world.Service.Follow(fleet with { IsForced = true });
        world.Service.Current.NormalShare.ShouldBe(0);
    }

    [Fact]
    public void Another_length_of_time_starts_to_count_anew_and_is_no_collapse()
    {
        using var world = new World();
        for (var second = 0; second < 20; second++)
        {
            world.Serve(40);
            world.Pass(1);
        }

        world.Service.Apply(Policy with { Window = TimeSpan.FromSeconds(2) });
        world.Service.Reading.All.Requests.ShouldBe(0);
        world.Serve(40);
        world.Pass(1);
        (world.Service.Reading.Rate, world.Service.Reading.Slope).ShouldBe((40, 0));

        world.Service.Apply(Policy with { SlopeTime = TimeSpan.FromSeconds(20) });
        world.Serve(40);
        world.Pass(1);
        world.Service.Reading.Slope.ShouldBeNull();
    }

    [Fact]
    public void Refused_requests_are_traffic()
    {
        using var world = new World();
        for (var second = 0; second < 20; second++)
        {
            for (var request = 0; request < 40; request++)
            {
                world.Service.RecordRefusal();
            }

            world.Pass(1);
        }

        (world.Service.Reading.Rate, world.Service.Reading.All.Requests).ShouldBe((40, 0));
    }

    [Fact]
    public void The_last_fifty_changes_are_kept()
    {
        using var world = new World();
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

    [Fact]
    public void Recording_and_reading_the_position_allocate_nothing()
    {
        using var world = new World();
        var endpoint = world.Service.Endpoint("a");
        var total = 0.0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 1000; count++)
        {
            var position = world.Service.Current;
            total += position.NormalShare;
            world.Service.Record(endpoint, position, position.TakesNormalWay(0.5), world.Clock.GetTimestamp(), hasFailed: false);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        total.ShouldBe(1000);
    }

    private sealed class World : IDisposable
    {
        public World() => Service = new ServiceDegradation("shop", Policy, Clock, change =>
        {
            Changes.Add(change);
            Heard.Writer.TryWrite(change);
        });

        public VirtualClock Clock { get; } = new();

        public ServiceDegradation Service { get; }

        public List<DegradationChange> Changes { get; } = [];

        public Channel<DegradationChange> Heard { get; } = Channel.CreateUnbounded<DegradationChange>();

        public void Serve(int requests, bool failed = false, bool slow = false, string endpoint = "a")
        {
            var position = Service.Current;
            for (var request = 0; request < requests; request++)
            {
                var startedAt = Clock.GetTimestamp() - TimeSpan.FromMilliseconds(slow ? 3000 : 20).Ticks;
                Service.Record(Service.Endpoint(endpoint), position, position.NormalShare > 0, startedAt, failed);
            }
        }

        public void Pass(params int[] seconds)
        {
            foreach (var some in seconds)
            {
                Clock.Advance(TimeSpan.FromSeconds(some));
                Service.Decide();
            }
        }

        /// <summary>Runs the decisions beside what a test does.</summary>
        public Task RunAsync(Func<Task> test) => Clock.RunAsync(async () =>
        {
            using var stop = new CancellationTokenSource();
            var running = Service.RunAsync(stop.Token);
            await test();
            await stop.CancelAsync();
            await running;
        });

        public void Degrade()
        {
            Serve(20, failed: true, slow: true);
            Clock.Advance(TimeSpan.FromMilliseconds(600));
            Serve(20, failed: true, slow: true);
            Service.Decide();
        }

        public void Dispose() => Service.Dispose();
    }
}
