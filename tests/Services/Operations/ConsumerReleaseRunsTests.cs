namespace Services.Tests.Operations;

/// <summary>A release whose canary is a consumer: its groups are told every share, and the store and they agree whatever fails between.</summary>
public sealed class ConsumerReleaseRunsTests : ReleaseRunsScenario
{
    [Fact]
    public async Task A_consumer_s_groups_are_told_every_share()
    {
        var follower = _follower = new FakeReleaseFollower();
        await _runs.StartAsync("operations", "version 2", "ann", Cancel);
        _metrics.Canary = (400, 0, 0);
        await LookAsync();
        await LookAsync();
        follower.Told.ShouldBe(["0.3", "0.5", "1"]);
        follower.Ids.Distinct().ShouldHaveSingleItem().ShouldBe(_store.Said!.Id);
    }

    [Fact]
    public async Task A_consumer_s_canary_is_rolled_back_before_anybody_is_told_so()
    {
        var follower = _follower = new FakeReleaseFollower();
        await _runs.StartAsync("operations", "version 2", "ann", Cancel);
        _metrics.Canary = (40, 0, 1);
        await LookWhileAwayAsync(follower);
        _store.Said!.Stage.ShouldBe(ReleaseStage.Analysing, "it has not happened yet");
        follower.IsAway = false;
        await _runs.LookAsync(Cancel);
        follower.Told.ShouldBe(["0.3", "rolled back"]);
        _store.Said.Stage.ShouldBe(ReleaseStage.RolledBack);
        _record.Actions.ShouldBe(["start", "roll-back"]);
    }

    [Fact]
    public async Task A_consumer_whose_broker_is_away_is_not_begun_to_be_released()
    {
        _follower = new FakeReleaseFollower { IsAway = true };
        await Should.ThrowAsync<PolicyStoreException>(() => _runs.StartAsync("operations", "version 2", "ann", Cancel));
        (_store.Said, _runs.Last.Count).ShouldBe((null, 0));
        _record.Actions.ShouldBe(["start", "give-up"]);
        _record.Entries[^1].Reason.ShouldBe("the broker is away");
        _follower.IsAway = false;
        (await _runs.StartAsync("operations", "version 2", "ann", Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_step_of_a_consumer_that_cannot_be_made_now_is_made_at_the_next_look()
    {
        var follower = _follower = new FakeReleaseFollower();
        await _runs.StartAsync("operations", "version 2", "ann", Cancel);
        _metrics.Canary = (400, 0, 0);
        await LookWhileAwayAsync(follower);
        _record.Actions.ShouldBe(["start"]);
        follower.IsAway = false;
        await _runs.LookAsync(Cancel);
        follower.Told.ShouldBe(["0.3", "0.5"]);
        _record.Actions.ShouldBe(["start", "advance"]);
    }

    [Theory]
    [InlineData(ReleaseStage.Promoted, "1")]
    [InlineData(ReleaseStage.RolledBack, "rolled back")]
    public async Task A_consumer_follows_what_somebody_else_says_in_the_store(ReleaseStage stage, string told)
    {
        var follower = _follower = new FakeReleaseFollower();
        await _runs.StartAsync("operations", "version 2", "ann", Cancel);
        _store.Said = _store.Said! with { Stage = stage, Id = "another" };
        _store.IsTaken = true;
        await LookAsync();
        follower.Told.ShouldBe(["0.3", told]);
        _record.Actions.ShouldBe(["start", "give-up"]);
        _runs.Last.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_process_that_ended_between_the_rollback_and_its_record_does_not_release_again()
    {
        var follower = _follower = new FakeReleaseFollower();
        await _runs.StartAsync("operations", "version 2", "ann", Cancel);
        await follower.RollBackAsync("crash", Cancel);
        using var next = Create();
        await next.ResumeAsync(Cancel);
        _store.Said!.Stage.ShouldBe(ReleaseStage.RolledBack);
        _record.Actions.ShouldBe(["start", "roll-back"]);
        next.Last.ShouldBeEmpty();
    }

    private async Task LookWhileAwayAsync(FakeReleaseFollower follower)
    {
        follower.IsAway = true;
        _clock.Advance(_policy.Interval);
        await Should.ThrowAsync<PolicyStoreException>(() => _runs.LookAsync(Cancel));
    }
}
