using System.Globalization;

namespace Resilience.Tests.Releasing;

/// <summary>How releases end, of good canaries and bad ones, by random traffic.</summary>
public sealed class ReleaseAnalysisTests
{
    private const int Seeds = 100;
    private const int Looks = 40;
    private const int CallsBetween = 150;

    private static readonly ReleasePolicy Policy = new() { Checks = ["amount"] };

    public static TheoryData<string, double, double, double> BadCanaries => new()
    {
        { "wrong in 1 of 20", 0.03, 0.005, 0.05 },
        { "fails 5 % more often", 0.05, 0.055, 0 },
        { "fails a quarter", 0.02, 0.25, 0 },
        { "takes 1.8 times as long", 0.09, 0.005, 0 },
        { "takes 5 times as long and never fails", 0.25, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(BadCanaries))]
    public void A_bad_canary_is_never_promoted(string what, double median, double failures, double wrong)
    {
        var ends = Enumerable.Range(1, Seeds).Select(seed => (Seed: seed, Decision: new SimulatedRelease(seed) { Canary = (median, failures, wrong) }.Run(Policy, Looks, CallsBetween))).ToList();
        ends.Where(end => end.Decision.Action == ReleaseAction.Promote).Select(end => $"seed {end.Seed}: {end.Decision.Reason}").ShouldBeEmpty(what);
        ends.Count(end => end.Decision.Action == ReleaseAction.RollBack).ShouldBe(Seeds, what);
    }

    [Theory]
    [InlineData(0.05, 0.005)]
    [InlineData(0.03, 0)]
    public void A_good_canary_is_promoted_nearly_always(double median, double failures)
    {
        var ends = Enumerable.Range(1, Seeds).Select(seed => new SimulatedRelease(seed) { Canary = (median, failures, 0) }.Run(Policy, Looks, CallsBetween)).ToList();
        ends.Count(end => end.Action == ReleaseAction.Promote).ShouldBeGreaterThanOrEqualTo(97, string.Join('\n', ends.Where(end => end.Action != ReleaseAction.Promote).Select(end => end.Reason)));
    }

    [Fact]
    public void A_canary_at_the_very_limit_is_promoted_by_luck_once_in_a_hundred_times_at_most()
    {
        // Just as many failures as are allowed: each look at it is a coin that falls on its edge, and many looks must not make a promotion of it.
        var ends = Enumerable.Range(1, 300).Select(seed => new SimulatedRelease(seed) { Canary = (0.05, 0.026, 0), Stable = (0.05, 0.005) }.Run(Policy, Looks, CallsBetween)).ToList();
        ends.Count(end => end.Action == ReleaseAction.Promote).ShouldBeLessThanOrEqualTo(6);
    }

    [Fact]
    public void Shares_grow_step_by_step_and_each_step_is_proved_anew()
    {
        var policy = Policy with { Steps = [0.05, 0.25, 0.5] };
        var (progress, now) = (new ReleaseProgress(0, TimeSpan.Zero), TimeSpan.FromSeconds(5));
        var passes = Passing();
        foreach (var share in (double[])[0.25, 0.5])
        {
            var decision = ReleaseAnalysis.Decide(progress, passes, policy, now);
            (decision.Action, decision.Share, decision.Progress.Since).ShouldBe((ReleaseAction.Advance, share, now));
            (progress, now) = (decision.Progress, now + TimeSpan.FromSeconds(5));
        }

        ReleaseAnalysis.Decide(progress, passes, policy, now).ShouldSatisfyAllConditions(
            decision => (decision.Action, decision.Share).ShouldBe((ReleaseAction.Promote, 1)),
            decision => decision.Reason.ShouldStartWith("Promoted: "));
    }

    [Fact]
    public void A_pass_counts_only_when_the_sample_has_grown_since_the_last_look()
    {
        var now = TimeSpan.FromSeconds(5);
        var held = ReleaseAnalysis.Decide(new ReleaseProgress(0, TimeSpan.Zero), Unsure(400), Policy, now);
        (held.Action, held.Progress.NextLook).ShouldBe((ReleaseAction.Hold, 500));
        ReleaseAnalysis.Decide(held.Progress, Passing(499), Policy, now).ShouldSatisfyAllConditions(
            decision => decision.Action.ShouldBe(ReleaseAction.Hold),
            decision => decision.Reason.ShouldContain("it passes, and waits for a larger sample"));
        ReleaseAnalysis.Decide(held.Progress, Passing(500), Policy, now).Action.ShouldBe(ReleaseAction.Promote);
    }

    [Fact]
    public void A_failure_counts_at_once()
    {
        var progress = new ReleaseProgress(0, TimeSpan.Zero, NextLook: 10_000);
        var decision = ReleaseAnalysis.Decide(progress, Judged(ReleaseVerdict.Fail, 30), Policy, TimeSpan.FromSeconds(5));
        (decision.Action, decision.Share, decision.Reason).ShouldBe((ReleaseAction.RollBack, 0, "Rolled back: as the test says."));
    }

    [Fact]
    public void What_nobody_can_tell_is_rolled_back_in_the_end()
    {
        var missing = Unsure(0);
        ReleaseAnalysis.Decide(new ReleaseProgress(0, TimeSpan.Zero), missing, Policy, Policy.Patience - TimeSpan.FromTicks(1)).Action.ShouldBe(ReleaseAction.Hold);
        ReleaseAnalysis.Decide(new ReleaseProgress(0, TimeSpan.Zero), missing, Policy, Policy.Patience).ShouldSatisfyAllConditions(
            decision => decision.Action.ShouldBe(ReleaseAction.RollBack),
            decision => decision.Reason.ShouldBe("Rolled back: there was not enough evidence after 30 min: as the test says."));
    }

    [Fact]
    public void A_policy_that_lost_steps_meanwhile_ends_with_its_last() =>
        ReleaseAnalysis.Decide(new ReleaseProgress(2, TimeSpan.Zero), Passing(), Policy, TimeSpan.FromSeconds(5)).Action.ShouldBe(ReleaseAction.Promote);

    private static ReleaseJudgement Passing(long requests = 1000) => Judged(ReleaseVerdict.Pass, requests);

    private static ReleaseJudgement Unsure(long requests) => Judged(ReleaseVerdict.NotEnoughEvidence, requests);

    private static ReleaseJudgement Judged(ReleaseVerdict verdict, long requests) =>
        new(verdict, requests, [new MetricVerdict("p95", verdict, null, null, "s", requests, 0, null, string.Create(CultureInfo.InvariantCulture, $"as the test says"))]);
}
