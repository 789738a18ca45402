namespace Resilience.Tests.Degradation;

/// <summary>How a service degrades by its own signals and recovers.</summary>
public sealed class ServiceDegradationTests
{
    [Fact]
    public void Bad_requests_in_several_moments_degrade_the_service_and_others_bring_it_back()
    {
        using var world = new DegradedService();
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
        using var world = new DegradedService();
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
        using var world = new DegradedService();
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
        using var world = new DegradedService();
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
        using var world = new DegradedService();
        world.Serve(3, endpoint: "a");
        world.Serve(4, failed: true, endpoint: "b");
        (world.Service.Reading.All.Requests, world.Service.Reading.All.Failures).ShouldBe((7, 4));
        world.Service.Endpoint("a").ShouldBeSameAs(world.Service.Endpoint("a"));
    }

    [Fact]
    public async Task A_bad_request_wakes_the_decision_at_once()
    {
        using var world = new DegradedService();
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
        using var world = new DegradedService();
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
        using var world = new DegradedService();
        await world.RunAsync(async () =>
        {
            world.Serve(1, failed: true);
            world.Serve(1, failed: true);
            await Task.Delay(TimeSpan.FromMilliseconds(100), world.Clock);
            world.Clock.ActiveTimers.ShouldBe(1, "it sleeps until the next second");
        });
    }

    [Fact]
    public void Refused_requests_are_traffic()
    {
        using var world = new DegradedService();
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
    public void Recording_and_reading_the_position_allocate_nothing()
    {
        using var world = new DegradedService();
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
}
