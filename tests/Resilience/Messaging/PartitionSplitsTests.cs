using CsCheck;

namespace Resilience.Tests.Messaging;

/// <summary>Whose a message is, as a function.</summary>
public sealed class PartitionSplitsTests
{
    private static readonly Gen<ConsumerSplit[]> Changes =
        Gen.Select(Gen.Long[0, 50], Gen.OneOf(Gen.Const(0.0), Gen.Const(0.05), Gen.Const(0.25), Gen.Const(0.5), Gen.Const(1.0)), Gen.OneOf(Gen.Const("r1"), Gen.Const("r2")), (from, share, release) => new ConsumerSplit(from, share, release)).Array[0, 6];

    [Fact]
    public void A_message_is_of_one_group_and_the_latest_change_that_covers_it_says_of_which() =>
        Gen.Select(Changes, Gen.Long[0, 60], Gen.Int[0, 30]).Sample((changes, offset, key) =>
        {
            var splits = new PartitionSplits(0, changes, stableNext: 1000, canaryNext: 1000);
            var last = changes.LastOrDefault(change => change.FromOffset <= offset);
            var isCanary = last is not null && ReleaseSplit.IsCanary(last.ReleaseId, $"{key}", last.Share);
            return splits.Judge(isCanary: true, offset, $"{key}") == (isCanary ? SplitVerdict.Own : SplitVerdict.Other)
                && splits.Judge(isCanary: false, offset, $"{key}") == (isCanary ? SplitVerdict.Other : SplitVerdict.Own);
        });

    [Fact]
    public void A_key_that_is_passed_on_waits_until_the_other_group_is_where_it_was_passed_on()
    {
        ConsumerSplit[] changes = [new(10, 0.05, "r"), new(20, 0.5, "r"), new(30, 0, "r")];
        var (early, late, never) = (KeyBetween(0, 0.05), KeyBetween(0.05, 0.5), KeyBetween(0.5, 1));

        JudgeAt(stable: 9, canary: 10, isCanary: true, 15, early).ShouldBe(SplitVerdict.Waits);
        JudgeAt(stable: 10, canary: 10, isCanary: true, 15, early).ShouldBe(SplitVerdict.Own);
        JudgeAt(stable: 10, canary: 20, isCanary: true, 25, early).ShouldBe(SplitVerdict.Own);
        JudgeAt(stable: 19, canary: 20, isCanary: true, 25, late).ShouldBe(SplitVerdict.Waits);
        JudgeAt(stable: 30, canary: 29, isCanary: false, 35, late).ShouldBe(SplitVerdict.Waits);
        JudgeAt(stable: 30, canary: 30, isCanary: false, 35, late).ShouldBe(SplitVerdict.Own);
        JudgeAt(stable: 30, canary: 0, isCanary: false, 35, never).ShouldBe(SplitVerdict.Own);

        SplitVerdict JudgeAt(long stable, long canary, bool isCanary, long offset, string key) =>
            new PartitionSplits(0, changes, stable, canary).Judge(isCanary, offset, key);
    }

    [Fact]
    public void Messages_without_a_key_are_drawn_one_by_one_and_never_wait()
    {
        var splits = new PartitionSplits(3, [new ConsumerSplit(0, 0.25, "r")], stableNext: 0, canaryNext: 0);

        var ofCanary = Enumerable.Range(0, 10_000).Count(offset => splits.Judge(isCanary: true, offset, key: offset % 2 == 0 ? null : "") == SplitVerdict.Own);

        ofCanary.ShouldBeInRange(2_300, 2_700);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(29, true)]
    [InlineData(30, false)]
    public void The_canary_is_owed_what_it_has_not_handled(long canaryNext, bool isOwed) =>
        new PartitionSplits(0, [new(10, 0.5, "r"), new(30, 0, "r")], stableNext: 0, canaryNext).OwesCanary.ShouldBe(isOwed);

    private static string KeyBetween(double from, double to) =>
        Enumerable.Range(0, 1000).Select(i => $"key-{i}").First(key => ReleaseSplit.Draw("r", key) is var draw && draw >= from && draw < to);
}
