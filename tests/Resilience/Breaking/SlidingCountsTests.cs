using CsCheck;

namespace Resilience.Tests.Breaking;

public sealed class SlidingCountsTests
{
    [Fact]
    public void The_sums_are_those_of_the_window_give_or_take_one_slice() =>
        Gen.Select(Gen.Long[10, 100_000_000], Gen.Select(Gen.Bool, Gen.Double[0, 0.4]).Array[1, 80]).Sample((window, steps) =>
        {
            var counts = new SlidingCounts(TimeSpan.FromTicks(window), new VirtualClock());
            var slice = window / 10;
            var all = new List<(long At, bool IsFirst)>();
            long now = 0;
            foreach (var (isFirst, wait) in steps)
            {
                now += (long)(wait * window);
                all.Add((now, isFirst));
                if (isFirst)
                {
                    counts.AddFirst(now);
                }
                else
                {
                    counts.AddSecond(now);
                }

                var (first, second) = counts.Sum(now);
                first.ShouldBeInRange(Within(true, 9 * slice), Within(true, window));
                second.ShouldBeInRange(Within(false, 9 * slice), Within(false, window));
            }

            int Within(bool isFirst, long age) => all.Count(count => count.IsFirst == isFirst && now - count.At < age);
        });

    [Fact]
    public void Cleared_counts_are_zero_and_count_on()
    {
        var counts = new SlidingCounts(TimeSpan.FromSeconds(10), new VirtualClock());
        counts.AddFirst(5);
        counts.Clear();
        counts.Sum(5).ShouldBe((0, 0));
        counts.AddFirst(5);
        counts.AddSecond(5);
        counts.Sum(5).ShouldBe((1, 1));
    }

    [Fact]
    public void A_thread_that_was_held_up_for_a_whole_window_wipes_nothing()
    {
        var counts = new SlidingCounts(TimeSpan.FromTicks(10), new VirtualClock());
        counts.AddFirst(11);
        counts.AddFirst(0);
        counts.Sum(11).First.ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public void Counts_of_many_threads_within_a_slice_are_exact()
    {
        const int Threads = 16, Rounds = 100, Each = 200;
        var counts = new SlidingCounts(TimeSpan.FromTicks(1000), new VirtualClock());
        var sums = new List<(long, long)>();
        using var together = new Barrier(Threads, round => sums.Add(counts.Sum(round.CurrentPhaseNumber * 100)));
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                for (var i = 0; i < Each; i++)
                {
                    counts.AddFirst(round * 100);
                    counts.AddSecond((round * 100) + 99);
                }

                together.SignalAndWait();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        sums.ShouldBe(Enumerable.Range(1, Rounds).Select(round => ((long)Math.Min(round, 10) * Threads * Each, (long)Math.Min(round, 10) * Threads * Each)));
    }
}
