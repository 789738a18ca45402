using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Degradation;

/// <summary>An instance in its fleet: what it tells, and what it does with what it hears.</summary>
public sealed class FleetServiceTests
{
    private static readonly FleetDegradation Broken = new(DegradationLevel.Broken, 0, IsForced: false, "errors", "orders/2", VirtualClock.DefaultStart);

    [Fact]
    public async Task It_follows_what_others_say_of_its_service_and_forces_the_breakers_of_others()
    {
        await using var world = new World();
        var payments = world.Registry.Get("payments");
        await world.RunAsync(async () =>
        {
            await world.Store.SayAsync(("orders", Broken with { Level = DegradationLevel.Degraded }), ("payments", Broken));
            world.Service.Current.Level.ShouldBe(DegradationLevel.Degraded);
            payments.Breaker()!.State.ShouldBe(BreakerState.Forced);
            world.Registry.Get("inventory").Breaker()!.State.ShouldBe(BreakerState.Closed);

            await world.Store.SayAsync();
            world.Service.Current.Level.ShouldBe(DegradationLevel.Normal);
            payments.Breaker()!.State.ShouldBe(BreakerState.Closed);
        });
    }

    [Fact]
    public async Task It_does_not_follow_itself_but_an_operator_of_its_name()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            await world.Store.SayAsync(("orders", Broken with { By = "orders/1" }));
            world.Service.Current.Level.ShouldBe(DegradationLevel.Normal);
            await world.Store.SayAsync(("orders", Broken with { By = "orders/1", IsForced = true }));
            world.Service.Current.Level.ShouldBe(DegradationLevel.Broken);
        });
    }

    [Fact]
    public async Task It_tells_of_its_trouble_step_by_step_and_takes_it_back()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Degrade();
            (await world.Store.NextAsync()).ShouldBe("orders Degraded 0");
            for (var step = 0; step < 4; step++)
            {
                world.Clock.Advance(TimeSpan.FromMinutes(2));
                world.Service.Decide();
                (await world.Store.NextAsync()).ShouldBe($"orders Degraded {new[] { 0.05, 0.25, 0.5, 1 }[step]}");
            }

            world.Clock.Advance(TimeSpan.FromMinutes(2));
            world.Service.Decide();
            (await world.Store.NextAsync()).ShouldBe("orders withdrawn");
        });
    }

    [Fact]
    public async Task A_policy_that_ends_degradation_takes_it_back_for_the_fleet()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Degrade();
            (await world.Store.NextAsync()).ShouldBe("orders Degraded 0");
            world.Service.Apply(new DegradationPolicy { IsEnabled = false });
            (await world.Store.NextAsync()).ShouldBe("orders withdrawn");
        });
    }

    [Fact]
    public async Task A_store_that_is_away_is_told_later()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Store.IsAway = true;
            world.Degrade();
            await Task.Delay(TimeSpan.FromSeconds(3), world.Clock);
            world.Store.IsAway = false;
            (await world.Store.NextAsync()).ShouldBe("orders Degraded 0");
        });
    }

    [Fact]
    public async Task Of_what_was_said_before_the_store_went_away_only_an_operator_s_word_outlasts_the_lease()
    {
        await using var world = new World();
        var (payments, inventory) = (world.Registry.Get("payments").Breaker()!, world.Registry.Get("inventory").Breaker()!);
        await world.RunAsync(async () =>
        {
            await world.Store.SayAsync(("orders", Broken), ("payments", Broken), ("inventory", Broken with { IsForced = true, By = "ann" }));
            world.Store.Report("etcd is away");
            await Task.Delay(TimeSpan.FromSeconds(8), world.Clock);
            world.Store.Report("etcd is away, for another reason");
            await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);
            (world.Service.Current.Level, payments.State).ShouldBe((DegradationLevel.Broken, BreakerState.Forced));

            await Task.Delay(TimeSpan.FromSeconds(2), world.Clock);
            (world.Service.Current.Level, payments.State, inventory.State).ShouldBe((DegradationLevel.Normal, BreakerState.Closed, BreakerState.Forced));
            world.State.Current.Keys.ShouldBe(["inventory"]);
            world.State.Problem.ShouldBe("etcd is away, for another reason");

            await world.Store.SayAsync(("orders", Broken), ("payments", Broken));
            world.Store.Report(null);
            await Task.Delay(TimeSpan.FromMinutes(1), world.Clock);
            (world.Service.Current.Level, payments.State, inventory.State).ShouldBe((DegradationLevel.Broken, BreakerState.Forced, BreakerState.Closed));
            world.State.Problem.ShouldBeNull();
        });
        world.Clock.ActiveTimers.ShouldBe(0);
        world.Log.Messages.Count(message => message.Contains("could not be followed for 10 s", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_store_that_is_back_in_time_or_says_something_new_is_believed()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            await world.Store.SayAsync(("orders", Broken));
            world.Store.Report("etcd is away");
            await Task.Delay(TimeSpan.FromSeconds(9), world.Clock);
            world.Store.Report(null);
            await Task.Delay(TimeSpan.FromMinutes(1), world.Clock);
            world.Service.Current.Level.ShouldBe(DegradationLevel.Broken);

            // It was there for a reading, and went away again.
            world.Store.Report("etcd is away");
            await Task.Delay(TimeSpan.FromSeconds(9), world.Clock);
            await world.Store.SayAsync(("orders", Broken));
            await Task.Delay(TimeSpan.FromSeconds(9), world.Clock);
            world.Service.Current.Level.ShouldBe(DegradationLevel.Broken);
            await Task.Delay(TimeSpan.FromSeconds(2), world.Clock);
            world.Service.Current.Level.ShouldBe(DegradationLevel.Normal);
        });
    }

    [Fact]
    public async Task A_defect_is_in_the_log_and_ends_neither_following_nor_telling()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Store.Defect = new InvalidOperationException("a defect of the watch");
            _ = world.Store.SayAsync();
            await Task.Delay(TimeSpan.FromSeconds(2), world.Clock);
            await world.Store.SayAsync(("orders", Broken with { Level = DegradationLevel.Alert }));
            world.Service.Current.Level.ShouldBe(DegradationLevel.Alert);

            world.Store.Defect = new InvalidOperationException("a defect of the lead");
            world.Degrade();
            (await world.Store.NextAsync()).ShouldBe("orders Degraded 0");
        });
        world.Log.Messages.Count(message => message.StartsWith("Error: ", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task An_alert_is_nobody_else_s_business()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            world.Serve(20, failed: false);
            await Task.Delay(TimeSpan.FromMilliseconds(600), world.Clock);
            world.Serve(20, failed: false);
            world.Service.Decide();
            world.Service.Current.Level.ShouldBe(DegradationLevel.Alert);
            await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);
            world.Store.HasTold.ShouldBeFalse();
        });
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly ServiceProvider _services;

        public World()
        {
            var services = new ServiceCollection();
            services.AddLogging(logging => logging.AddProvider(Log));
            services.AddSingleton<IHostEnvironment>(new Microsoft.Extensions.Hosting.Internal.HostingEnvironment());
            services.AddSingleton<TimeProvider>(Clock);
            services.AddServiceDegradation("orders");
            services.AddFleetDegradation("orders/1", _ => Store);
            _services = services.BuildServiceProvider();
        }

        public VirtualClock Clock { get; } = new();

        public FakeFleetStore Store { get; } = new();

        public CollectedLogs Log { get; } = new();

        public ServiceDegradation Service => _services.GetRequiredService<ServiceDegradation>();

        public FleetState State => _services.GetRequiredService<FleetState>();

        public DependencyRegistry Registry => _services.GetRequiredService<DependencyRegistry>();

        public Task RunAsync(Func<Task> test) => Clock.RunAsync(async () =>
        {
            var service = _services.GetServices<IHostedService>().OfType<FleetService>().Single();
            await service.StartAsync(CancellationToken.None);
            await test();
            await service.StopAsync(CancellationToken.None);
        });

        public void Serve(int requests, bool failed)
        {
            for (var request = 0; request < requests; request++)
            {
                Service.Record(Service.Endpoint("a"), Service.Current, tookNormalWay: true, Clock.GetTimestamp() - TimeSpan.FromSeconds(3).Ticks, failed);
            }
        }

        public void Degrade()
        {
            Serve(20, failed: true);
            Clock.Advance(TimeSpan.FromMilliseconds(600));
            Serve(20, failed: true);
            Service.Decide();
            Service.Current.Level.ShouldBe(DegradationLevel.Degraded);
        }

        public ValueTask DisposeAsync() => _services.DisposeAsync();
    }
}
