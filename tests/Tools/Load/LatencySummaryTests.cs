using CsCheck;

namespace Tools.Tests.Load;

public sealed class LatencySummaryTests
{
    [Fact]
    public void Percentiles_are_samples_by_nearest_rank()
    {
        var summary = LatencySummary.Of(Enumerable.Range(1, 100).Reverse().Select(ms => TimeSpan.FromMilliseconds(ms)));

        (summary.P50, summary.P90, summary.P95, summary.P99, summary.Max).ShouldBe((50, 90, 95, 99, 100));
    }

    [Fact]
    public void One_sample_is_every_percentile()
    {
        var summary = LatencySummary.Of([TimeSpan.FromMilliseconds(7)]);

        (summary.P50, summary.P99, summary.Max).ShouldBe((7, 7, 7));
    }

    [Fact]
    public void No_samples_are_zeros()
    {
        LatencySummary.Of([]).ShouldBe(new LatencySummary(0, 0, 0, 0, 0, 0));
    }

    [Fact]
    public void At_least_p_percent_of_the_samples_do_not_exceed_the_percentile_and_fewer_stay_below() =>
        Gen.Select(Gen.Int[0, 10_000].Array[1, 200], Gen.Int[1, 100]).Sample((values, percent) =>
        {
            var sorted = values.Select(value => TimeSpan.FromMilliseconds(value)).Order().ToArray();
            var percentile = LatencySummary.Percentile(sorted, percent);
            (sorted.Count(value => value <= percentile) * 100 >= percent * sorted.Length).ShouldBeTrue();
            (sorted.Count(value => value < percentile) * 100 < percent * sorted.Length).ShouldBeTrue();
        }, iter: 1000);
}
