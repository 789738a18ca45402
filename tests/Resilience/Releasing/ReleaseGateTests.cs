namespace Resilience.Tests.Releasing;

/// <summary>What the gate says of what is known, and above all what it does not say.</summary>
public sealed class ReleaseGateTests
{
    private static readonly ReleasePolicy Policy = new() { Checks = ["amount"] };

    [Fact]
    public void A_canary_that_is_as_good_passes_after_some_hundred_calls()
    {
        var judgement = Judge(Sample(700, 0, 50), Sample(400, 0, 50));
        judgement.Verdict.ShouldBe(ReleaseVerdict.Pass, judgement.Reason);
        judgement.Metrics.Select(metric => metric.Name).ShouldBe(["p95", "success", "amount"]);
        judgement.Metrics.ShouldAllBe(metric => metric.SampleSize == 400 && metric.Needed == 0);
    }

    [Fact]
    public void A_few_good_calls_prove_nothing_and_it_says_how_many_would()
    {
        var judgement = Judge(Sample(700, 0, 50), Sample(200, 0, 50));
        judgement.Verdict.ShouldBe(ReleaseVerdict.NotEnoughEvidence);
        var success = judgement.Metrics.Single(metric => metric.Name == "success");
        success.Needed.ShouldBeInRange(300, 360);
        judgement.Reason.ShouldStartWith("success: 0 % of 200 calls to the canary failed (of the stable release 0 %), allowed are 2 %; it takes about ");
    }

    [Fact]
    public void A_canary_that_fails_more_often_fails() =>
        Judge(Sample(700, 0, 50), Sample(200, 20, 50)).ShouldSatisfyAllConditions(
            judgement => judgement.Verdict.ShouldBe(ReleaseVerdict.Fail),
            judgement => judgement.Reason.ShouldBe("10 % of 200 calls to the canary failed (of the stable release 0 %), allowed are 2 %"));

    [Fact]
    public void A_stable_release_that_fails_as_often_excuses_it() =>
        Judge(Sample(2000, 200, 50), Sample(2000, 200, 50)).Verdict.ShouldBe(ReleaseVerdict.Pass);

    [Fact]
    public void A_canary_that_is_slower_fails_and_one_that_is_a_little_slower_does_not()
    {
        Judge(Sample(700, 0, 50), Sample(400, 0, 120)).ShouldSatisfyAllConditions(
            judgement => judgement.Verdict.ShouldBe(ReleaseVerdict.Fail),
            judgement => judgement.Reason.ShouldContain("100 % of 400 calls to the canary took longer than"));
        Judge(Sample(700, 0, 50), Sample(400, 0, 60)).Verdict.ShouldBe(ReleaseVerdict.Pass);
    }

    [Fact]
    public void Some_milliseconds_are_never_too_long() =>
        Judge(Sample(700, 0, 2), Sample(400, 0, 15)).Verdict.ShouldBe(ReleaseVerdict.Pass, "seven times 2 ms are within the slack of 20 ms");

    [Fact]
    public void One_wrong_answer_is_enough() =>
        Judge(Sample(700, 0, 50), Sample(30, 0, 50, wrong: 1)).ShouldSatisfyAllConditions(
            judgement => judgement.Verdict.ShouldBe(ReleaseVerdict.Fail),
            judgement => judgement.Reason.ShouldBe("amount was wrong in 1 of 30 answers of the canary, allowed are none"));

    [Fact]
    public void A_check_that_nobody_made_is_no_pass()
    {
        var (stable, canary) = (Sample(700, 0, 50), Sample(400, 0, 50));
        var unchecked_ = canary with { Checks = new Dictionary<string, CheckCounts> { [ReleaseGate.Success] = canary.Checks[ReleaseGate.Success] } };
        var judgement = Judge(stable, unchecked_);
        judgement.Verdict.ShouldBe(ReleaseVerdict.NotEnoughEvidence);
        judgement.Reason.ShouldBe("amount is not known: nothing of the canary was checked");
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void What_is_missing_never_passes(bool hasStable, bool hasCanary)
    {
        var evidence = new ReleaseEvidence(hasStable ? Sample(700, 0, 50) : null, hasCanary ? Sample(400, 0, 50) : null, "Prometheus cannot be reached");
        var judgement = ReleaseGate.Judge(evidence, Policy.Checks, Policy);
        judgement.Verdict.ShouldBe(ReleaseVerdict.NotEnoughEvidence);
        judgement.Reason.ShouldContain("is not known: Prometheus cannot be reached");
    }

    [Fact]
    public void A_stable_release_that_hardly_anybody_calls_is_nothing_to_compare_with()
    {
        var judgement = Judge(Sample(20, 0, 50), Sample(5000, 0, 50));
        judgement.Verdict.ShouldBe(ReleaseVerdict.NotEnoughEvidence);
        judgement.Reason.ShouldContain("of the stable release only 20 are known");
    }

    [Fact]
    public void A_limit_above_the_last_bucket_tells_nothing()
    {
        var slow = new LatencyCounts([0.1, double.PositiveInfinity], [0, 700]);
        var judgement = Judge(Sample(700, 0, 50) with { Latencies = slow }, Sample(400, 0, 50));
        judgement.Metrics.Single(metric => metric.Name == "p95").Verdict.ShouldBe(ReleaseVerdict.NotEnoughEvidence);
    }

    [Fact]
    public void Every_comparison_keeps_what_was_asked()
    {
        var evidence = new ReleaseEvidence(Sample(700, 0, 50), Sample(400, 0, 50)) { Queries = new Dictionary<string, string> { ["p95"] = "q1", ["success"] = "q2", ["amount"] = "q3" } };
        ReleaseGate.Judge(evidence, Policy.Checks, Policy).Metrics.Select(metric => metric.Query).ShouldBe(["q1", "q2", "q3"]);
    }

    [Fact]
    public void A_quantile_lies_within_its_bucket()
    {
        var counts = new LatencyCounts([0.1, 0.2, 0.4, double.PositiveInfinity], [50, 90, 100, 100]);
        counts.Quantile(0.5).ShouldBe(0.1, 1e-9);
        counts.Quantile(0.7).ShouldBe(0.15, 1e-9);
        counts.Quantile(0.95).ShouldBe(0.3, 1e-9);
        counts.Above(0.15).ShouldBe((10, 0.2));
        LatencyCounts.None.Quantile(0.95).ShouldBe(double.NaN);
    }

    private static ReleaseJudgement Judge(ReleaseSample stable, ReleaseSample canary) => ReleaseGate.Judge(new ReleaseEvidence(stable, canary), Policy.Checks, Policy);

    private static ReleaseSample Sample(long calls, long failed, double milliseconds, long wrong = 0)
    {
        double[] bounds = [.. Enumerable.Range(0, 48).Select(index => 0.001 * Math.Pow(1.25, index)), double.PositiveInfinity];
        return new ReleaseSample(
            new LatencyCounts(bounds, [.. bounds.Select(bound => bound * 1000 >= milliseconds ? calls : 0)]),
            new Dictionary<string, CheckCounts> { [ReleaseGate.Success] = new(calls - failed, failed), ["amount"] = new(calls - wrong, wrong) });
    }
}
