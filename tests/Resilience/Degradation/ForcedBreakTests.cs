namespace Resilience.Tests.Degradation;

/// <summary>Breakers of a dependency that the fleet says is broken.</summary>
public sealed class ForcedBreakTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void A_broken_dependency_is_called_by_the_share_only_by_which_it_recovers()
    {
        var dependency = Dependency();
        Passed(dependency).ShouldBe(1000);
        dependency.Follow(Broken(0));
        Passed(dependency).ShouldBe(0);
        dependency.Breaker()!.State.ShouldBe(BreakerState.Forced);
        dependency.Breaker()!.Refusals.ShouldBe(1000);
        dependency.Breaker()!.RetryAfter(_clock.GetTimestamp()).ShouldBe(TimeSpan.FromSeconds(1));

        dependency.Follow(Broken(0.25));
        Passed(dependency).ShouldBeInRange(150, 350);
        dependency.Follow(Broken(1));
        Passed(dependency).ShouldBe(1000);
        dependency.Breaker()!.State.ShouldBe(BreakerState.Closed);
    }

    [Theory]
    [InlineData(DegradationLevel.Alert)]
    [InlineData(DegradationLevel.Degraded)]
    public void Who_is_not_broken_is_called_as_always(DegradationLevel level)
    {
        var dependency = Dependency();
        dependency.Follow(Broken(0) with { Level = level });
        Passed(dependency).ShouldBe(1000);
    }

    [Fact]
    public void What_is_forced_stays_with_other_policies_and_for_dependencies_to_come()
    {
        var registry = new DependencyRegistry(_ => new DependencyPolicy(), _clock);
        registry.Follow(new Dictionary<string, FleetDegradation> { ["a"] = Broken(0) });
        var dependency = registry.Get("a");
        Passed(dependency).ShouldBe(0);
        dependency.Apply(new DependencyPolicy { Breaker = new BreakerPolicy { MinimumThroughput = 99 } });
        Passed(dependency).ShouldBe(0);
        registry.Follow(new Dictionary<string, FleetDegradation>());
        Passed(dependency).ShouldBe(1000);
    }

    [Fact]
    public void It_is_on_record_with_its_reason()
    {
        var dependency = Dependency();
        dependency.Follow(Broken(0));
        dependency.Follow(Broken(0));
        dependency.Follow(null);
        var history = dependency.Breaker()!.History;
        history.Select(transition => (transition.From, transition.To)).ShouldBe([(BreakerState.Closed, BreakerState.Forced), (BreakerState.Forced, BreakerState.Closed)]);
        (history[0].Reason, history[0].Actor).ShouldBe(("errors", "a/2"));
    }

    private static int Passed(Dependency dependency) =>
        Enumerable.Range(0, 1000).Count(_ => dependency.Breaker()!.TryEnter(0, out var _));

    private static FleetDegradation Broken(double share) => new(DegradationLevel.Broken, share, IsForced: false, "errors", "a/2", VirtualClock.DefaultStart);

    private Dependency Dependency() => new DependencyRegistry(_ => new DependencyPolicy(), _clock).Get("a");
}
