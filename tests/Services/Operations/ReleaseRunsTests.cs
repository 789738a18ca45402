namespace Services.Tests.Operations;

/// <summary>How the gate goes about a release: what is in the store, what is on record, and what happens when somebody comes between.</summary>
public sealed class ReleaseRunsTests : ReleaseRunsScenario
{
    [Fact]
    public async Task A_good_canary_goes_up_step_by_step_and_is_promoted()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        (_store.Said!.Stage, _store.Said.Share).ShouldBe((ReleaseStage.Analysing, 0.3));
        _metrics.Canary = (400, 0, 0);
        await LookAsync();
        (_store.Said!.Stage, _store.Said.Share).ShouldBe((ReleaseStage.Analysing, 0.5));
        await LookAsync();
        (_store.Said!.Stage, _store.Said.Share).ShouldBe((ReleaseStage.Promoted, 1));
        _record.Actions.ShouldBe(["start", "advance", "promote"]);
        _record.Entries[^1].Metrics.Select(metric => (metric.Name, metric.Verdict, metric.SampleSize, metric.Query)).ShouldBe(
            [("p95", "pass", 400, "q"), ("success", "pass", 400, "q"), ("amount", "pass", 400, "q")]);
        _runs.Last.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_wrong_canary_is_rolled_back_at_the_first_look()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        _metrics.Canary = (40, 0, 1);
        await LookAsync();
        (_store.Said!.Stage, _store.Said.Share, _store.Said.By).ShouldBe((ReleaseStage.RolledBack, 0, "gate"));
        _record.Entries[^1].Reason.ShouldBe("Rolled back: amount was wrong in 1 of 40 answers of the canary, allowed are none.");
    }

    [Fact]
    public async Task Whoever_ends_a_certain_release_ends_no_other()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);

        (await _runs.EndAsync("payments", "an earlier one", ReleaseAction.RollBack, "suspected", "healing", Cancel)).ShouldBeFalse();
        _store.Said!.Stage.ShouldBe(ReleaseStage.Analysing);

        _metrics.Canary = (400, 0, 0);
        await LookAsync();
        await LookAsync();
        var promoted = _store.Said!.Id;
        (await _runs.EndAsync("payments", promoted, ReleaseAction.RollBack, "suspected", "healing", Cancel)).ShouldBeFalse("it has ended meanwhile");
        _store.Said!.Stage.ShouldBe(ReleaseStage.Promoted);

        await _runs.StartAsync("payments", "version 3", "ann", Cancel);
        (await _runs.EndAsync("payments", _store.Said!.Id, ReleaseAction.RollBack, "suspected", "healing", Cancel)).ShouldBeTrue();
        _store.Said!.Stage.ShouldBe(ReleaseStage.RolledBack);
    }

    [Fact]
    public async Task A_step_is_judged_by_what_came_since_it_began()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        _clock.Advance(TimeSpan.FromSeconds(5));
        await _runs.LookAsync(Cancel);
        _metrics.Asked.ShouldBe([TimeSpan.FromSeconds(5)]);
        _metrics.Canary = (400, 0, 0);
        await LookAsync();
        await LookAsync();
        _metrics.Asked.ShouldBe([TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5)]);
    }

    [Fact]
    public async Task It_looks_no_more_often_than_the_policy_says()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        await _runs.LookAsync(Cancel);
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        await _runs.LookAsync(Cancel);
        _metrics.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task Holding_for_the_same_reason_is_on_record_once()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        for (var look = 1; look <= 5; look++)
        {
            _metrics.Canary = (20 * look, 0, 0);
            await LookAsync();
        }

        _record.Actions.ShouldBe(["start", "hold", "hold"], "the second when the amounts are enough and the rest is not");
    }

    [Fact]
    public async Task What_is_missing_holds_and_is_rolled_back_in_the_end()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        _metrics.Problem = "Prometheus cannot be reached";
        await LookAsync();
        _runs.Last["payments"]!.Reason.ShouldContain("Prometheus cannot be reached");
        _clock.Advance(TimeSpan.FromMinutes(30));
        await _runs.LookAsync(Cancel);
        _store.Said!.Stage.ShouldBe(ReleaseStage.RolledBack);
    }

    [Fact]
    public async Task One_release_at_a_time_and_another_after_its_end()
    {
        (await _runs.StartAsync("payments", "version 2", "ann", Cancel)).ShouldBeTrue();
        var first = _store.Said!.Id;
        (await _runs.StartAsync("payments", "again", "ann", Cancel)).ShouldBeFalse();
        await _runs.EndAsync("payments", ReleaseAction.RollBack, "changed our minds", "ann", Cancel);
        (await _runs.StartAsync("payments", "version 3", "ann", Cancel)).ShouldBeTrue();
        _store.Said!.Id.ShouldNotBe(first);
        _record.Actions.ShouldBe(["start", "roll-back", "start"]);
    }

    [Fact]
    public async Task An_operator_s_word_goes_over_the_gate_s()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        await _runs.EndAsync("payments", ReleaseAction.Promote, "tested by hand", "ann", Cancel);
        (_store.Said!.Stage, _store.Said.By).ShouldBe((ReleaseStage.Promoted, "ann"));
        _metrics.Canary = (400, 400, 400);
        await LookAsync();
        _store.Said!.Stage.ShouldBe(ReleaseStage.Promoted, "the gate does not look after it any more");
    }

    [Fact]
    public async Task Who_writes_into_the_store_ends_what_the_gate_does()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        _store.IsTaken = true;
        await LookAsync();
        _record.Actions.ShouldBe(["start", "give-up"]);
        _runs.Last.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_store_that_is_away_leaves_the_release_as_it_is()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        _metrics.Canary = (40, 0, 1);
        _store.IsAway = true;
        _clock.Advance(TimeSpan.FromSeconds(5));
        await Should.ThrowAsync<PolicyStoreException>(() => _runs.LookAsync(Cancel));
        _record.Actions.ShouldBe(["start"]);
        _store.IsAway = false;
        await _runs.LookAsync(Cancel);
        _record.Actions.ShouldBe(["start", "roll-back"]);
    }

    [Fact]
    public async Task The_next_process_goes_on_with_what_an_earlier_one_began()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        var id = _store.Said!.Id;
        _store.Said = null;
        using var next = Create();
        await next.ResumeAsync(Cancel);
        _store.Said!.Id.ShouldBe(id, "sessions keep their side");
        _record.Actions.ShouldBe(["start", "resume"]);

        await next.EndAsync("payments", ReleaseAction.RollBack, "enough", "ann", Cancel);
        using var third = Create();
        await third.ResumeAsync(Cancel);
        _record.Actions[^1].ShouldBe("roll-back", "what has ended is not begun again");
    }

    [Fact]
    public async Task What_cannot_be_done_for_one_release_is_done_for_the_others()
    {
        _follower = new FakeReleaseFollower();
        await _runs.StartAsync("operations", "version 2", "ann", Cancel);
        var runs = _record.Entries.Count;
        _follower.IsAway = true;
        _metrics.Canary = (40, 0, 1);
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        _clock.Advance(_policy.Interval);
        await Should.ThrowAsync<PolicyStoreException>(() => _runs.LookAsync(Cancel));
        _record.Entries.Skip(runs).Select(entry => (entry.Service, entry.Action)).ShouldBe([("payments", "start"), ("payments", "roll-back")]);
    }

    [Fact]
    public async Task A_release_whose_process_was_killed_goes_on_once_its_lease_is_over()
    {
        await _runs.StartAsync("payments", "version 2", "ann", Cancel);
        using var next = Create();
        _store.IsTaken = true;
        (await next.ResumeAsync(Cancel)).ShouldBeFalse("the lease of the dead process still stands");
        next.Last.ShouldBeEmpty();
        (_store.IsTaken, _store.Said) = (false, null);
        (await next.ResumeAsync(Cancel)).ShouldBeTrue();
        next.Last.Keys.ShouldBe(["payments"]);
        _record.Actions.ShouldBe(["start", "resume"]);
    }

    [Fact]
    public async Task A_promotion_that_was_not_put_on_record_any_more_is_put_there_by_the_next_process()
    {
        var follower = _follower = new FakeReleaseFollower();
        await _runs.StartAsync("operations", "version 2", "ann", Cancel);
        _store.Said = _store.Said! with { Stage = ReleaseStage.Promoted, Share = 1, Reason = "Promoted: all is well." };
        _store.IsTaken = true;
        using var next = Create();
        (await next.ResumeAsync(Cancel)).ShouldBeTrue();
        _record.Actions.ShouldBe(["start", "promote"]);
        follower.Told.ShouldBe(["0.3"], "it was told before the store was");
    }
}
