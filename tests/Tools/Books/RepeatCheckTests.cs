using CsCheck;

namespace Tools.Tests.Books;

public sealed class RepeatCheckTests
{
    [Fact]
    public void A_sample_is_spread_evenly_without_repetition_and_always_the_same() =>
        Gen.Select(Gen.Int[0, 500], Gen.Int[1, 60]).Sample((size, count) =>
        {
            var all = Enumerable.Range(0, size).ToArray();
            var sample = RepeatCheck.Choose(all, count);
            sample.Count.ShouldBe(Math.Min(size, count));
            sample.ShouldBeUnique();
            RepeatCheck.Choose(all, count).ShouldBe(sample);
        }, iter: 200);
}
