namespace Resilience.Tests.Releasing;

/// <summary>Who gets the canary.</summary>
public sealed class ReleaseSplitTests
{
    private static readonly string[] Sessions = [.. Enumerable.Range(0, 20_000).Select(number => $"session-{number}")];

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.3)]
    [InlineData(0.5)]
    public void The_share_is_met(double share) =>
        (Sessions.Count(session => ReleaseSplit.IsCanary("r1", session, share)) / (double)Sessions.Length).ShouldBe(share, 0.015);

    [Fact]
    public void Nobody_gets_nothing_and_everybody_gets_all()
    {
        Sessions.ShouldAllBe(session => !ReleaseSplit.IsCanary("r1", session, 0));
        Sessions.ShouldAllBe(session => ReleaseSplit.IsCanary("r1", session, 1));
    }

    [Fact]
    public void Who_has_the_canary_keeps_it_when_the_share_grows() =>
        Sessions.Where(session => ReleaseSplit.IsCanary("r1", session, 0.05)).ShouldAllBe(session => ReleaseSplit.IsCanary("r1", session, 0.25));

    [Fact]
    public void Another_release_draws_anew()
    {
        var both = Sessions.Count(session => ReleaseSplit.IsCanary("r1", session, 0.3) && ReleaseSplit.IsCanary("r2", session, 0.3));
        (both / (double)Sessions.Length).ShouldBe(0.09, 0.01);
    }

    [Theory]
    [InlineData(ReleaseStage.Analysing, ReleaseChannel.Stable, ReleaseChannel.Stable)]
    [InlineData(ReleaseStage.Analysing, ReleaseChannel.Canary, ReleaseChannel.Canary)]
    [InlineData(ReleaseStage.Promoted, ReleaseChannel.Stable, ReleaseChannel.Canary)]
    [InlineData(ReleaseStage.RolledBack, ReleaseChannel.Canary, ReleaseChannel.Stable)]
    public void The_stage_says_which_release_serves(ReleaseStage stage, ReleaseChannel asked, ReleaseChannel served)
    {
        var route = new ReleaseRoute { HasCanary = true };
        route.Of(asked).ShouldBe(asked, "nobody is releasing anything");
        route.Follow(new FleetRelease(stage, 0.3, "r1", "test", "test", DateTimeOffset.UnixEpoch));
        route.Of(asked).ShouldBe(served);
        route.Follow(null);
        route.Of(asked).ShouldBe(asked);
    }

    [Fact]
    public void Without_a_canary_the_stable_release_serves_everybody()
    {
        var route = new ReleaseRoute();
        route.Follow(new FleetRelease(ReleaseStage.Promoted, 1, "r1", "test", "test", DateTimeOffset.UnixEpoch));
        route.Of(ReleaseChannel.Canary).ShouldBe(ReleaseChannel.Stable);
    }
}
