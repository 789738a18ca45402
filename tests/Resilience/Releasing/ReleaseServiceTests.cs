using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Resilience.Tests.Releasing;

/// <summary>A process that hears of releases: what its calls do, and what they do when it hears nothing any more.</summary>
public sealed class ReleaseServiceTests
{
    private static readonly FleetRelease Analysing = new(ReleaseStage.Analysing, 0.3, "r1", "test", "gate", DateTimeOffset.UnixEpoch);

    [Fact]
    public async Task What_the_store_says_holds_for_dependencies_there_are_and_will_be()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            await world.Store.SayAsync(("payments", Analysing));
            world.Registry.Get("payments").Release.Current.ShouldBe(Analysing);
            world.State.Current["payments"].ShouldBe(Analysing);
            await world.Store.SayAsync();
            world.Registry.Get("payments").Release.Current.ShouldBeNull();
        });
    }

    [Fact]
    public async Task Without_the_store_an_analysis_is_over_after_its_lease_and_what_is_settled_stays()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            await world.Store.SayAsync(("payments", Analysing), ("orders", Analysing with { Stage = ReleaseStage.RolledBack }));
            world.Store.Lose();
            world.Clock.Advance(TimeSpan.FromSeconds(9.9));
            world.State.Current.Count.ShouldBe(2);
            world.Clock.Advance(TimeSpan.FromSeconds(0.1));
            world.State.Current.Keys.ShouldBe(["orders"]);
            world.Registry.Get("payments").Release.Current.ShouldBeNull();
            world.State.Problem.ShouldNotBeNull();

            await world.Store.SayAsync(("payments", Analysing));
            world.State.Current.Keys.ShouldBe(["payments"]);
            world.State.Problem.ShouldBeNull();
        });
    }

    [Fact]
    public async Task A_short_cut_changes_nothing()
    {
        await using var world = new World();
        await world.RunAsync(async () =>
        {
            await world.Store.SayAsync(("payments", Analysing));
            world.Store.Lose();
            world.Clock.Advance(TimeSpan.FromSeconds(9));
            await world.Store.SayAsync(("payments", Analysing));
            world.Clock.Advance(TimeSpan.FromSeconds(20));
            world.State.Current.Keys.ShouldBe(["payments"]);
        });
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly ServiceProvider _services;

        public World()
        {
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddSingleton<IHostEnvironment>(new Microsoft.Extensions.Hosting.Internal.HostingEnvironment());
            services.AddSingleton<TimeProvider>(Clock);
            services.AddReleases(_ => Store);
            _services = services.BuildServiceProvider();
        }

        public VirtualClock Clock { get; } = new();

        public FakeReleaseStore Store { get; } = new();

        public ReleaseState State => _services.GetRequiredService<ReleaseState>();

        public DependencyRegistry Registry => _services.GetRequiredService<DependencyRegistry>();

        public async Task RunAsync(Func<Task> test)
        {
            var service = _services.GetServices<IHostedService>().OfType<ReleaseService>().Single();
            await service.StartAsync(TestContext.Current.CancellationToken);
            await test();
            await service.StopAsync(TestContext.Current.CancellationToken);
        }

        public ValueTask DisposeAsync() => _services.DisposeAsync();
    }

    private sealed class FakeReleaseStore : IReleaseStore
    {
        private readonly Channel<(IReadOnlyDictionary<string, FleetRelease> State, TaskCompletionSource Taken)> _states =
            Channel.CreateUnbounded<(IReadOnlyDictionary<string, FleetRelease>, TaskCompletionSource)>();

        private Action<PolicyStoreException?>? _problem;

        public string Name => "memory";

        public TimeSpan Lease => TimeSpan.FromSeconds(10);

        public Task SayAsync(params (string Service, FleetRelease Release)[] said)
        {
            var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _states.Writer.TryWrite((said.ToDictionary(one => one.Service, one => one.Release), taken));
            return taken.Task;
        }

        public void Lose() => _problem!(new PolicyStoreException(PolicyStoreFailure.Unavailable, "etcd is away"));

        public async IAsyncEnumerable<IReadOnlyDictionary<string, FleetRelease>> WatchAsync(
            Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            _problem = problem;
            await foreach (var (state, taken) in _states.Reader.ReadAllAsync(cancellationToken))
            {
                yield return state;
                taken.SetResult();
            }
        }

        public Task<bool> AnalyseAsync(string service, FleetRelease release, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task SettleAsync(string service, FleetRelease release, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ForgetAsync(string service, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
