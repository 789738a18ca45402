using CsCheck;

namespace Resilience.Tests.Degradation;

public sealed class SignalWindowTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);

    [Fact]
    public void A_bucket_is_off_by_a_64th_at_most() =>
        Gen.Long[0, (1L << 27) - 1].Sample(
            microseconds =>
            {
                var index = LatencyBuckets.IndexOf(microseconds);
                index.ShouldBeInRange(0, LatencyBuckets.Count - 1);
                LatencyBuckets.LowerBound(index).ShouldBeLessThanOrEqualTo(microseconds);
                Math.Abs(LatencyBuckets.Middle(index) - microseconds).ShouldBeLessThanOrEqualTo(microseconds / 64.0);
            },
            iter: 20_000);

    [Fact]
    public void Buckets_follow_each_other_without_a_gap()
    {
        for (var index = 1; index < LatencyBuckets.Count; index++)
        {
            LatencyBuckets.IndexOf(LatencyBuckets.LowerBound(index)).ShouldBe(index);
            LatencyBuckets.IndexOf(LatencyBuckets.LowerBound(index) - 1).ShouldBe(index - 1);
        }
    }

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(-1, 0)]
    [InlineData(long.MaxValue, LatencyBuckets.Count - 1)]
    public void What_is_no_latency_counts_as_the_nearest_one(long microseconds, int index) => LatencyBuckets.IndexOf(microseconds).ShouldBe(index);

    [Fact]
    public void The_99th_percentile_is_that_of_the_nearest_rank_within_2_percent() =>
        Gen.Int[1, 20_000_000].Array[1, 300].Sample(latencies =>
        {
            var (clock, window) = New();
            Record(window, clock, latencies);
            var exact = latencies.Order().ElementAt((int)Math.Ceiling(0.99 * latencies.Length) - 1);
            window.Read(Slow).P99.TotalMicroseconds.ShouldBeInRange(exact * (1 - (1 / 64.0)) - 0.1, exact * (1 + (1 / 64.0)) + 0.1);
        });

    [Fact]
    public void Requests_failures_and_slow_ones_are_counted_and_forgotten_with_the_window()
    {
        var (clock, window) = New();
        Record(window, clock, [1000, 2_500_000]);
        window.Record(clock.GetTimestamp(), clock.GetTimestamp(), hasFailed: true);
        window.Read(Slow).ShouldSatisfyAllConditions(
            reading => (reading.Requests, reading.Failures, reading.Slow).ShouldBe((3, 1, 1)),
            reading => (reading.FailedSlices, reading.SlowSlices).ShouldBe((1, 1)),
            reading => reading.ErrorRatio.ShouldBe(1 / 3.0));

        clock.Advance(Length - TimeSpan.FromMilliseconds(600));
        window.Read(Slow).Requests.ShouldBe(3);
        clock.Advance(TimeSpan.FromMilliseconds(1100));
        window.Read(Slow).ShouldSatisfyAllConditions(
            reading => reading.Requests.ShouldBe(0), reading => reading.P99.ShouldBe(TimeSpan.Zero), reading => reading.ErrorRatio.ShouldBe(double.NaN));
    }

    [Fact]
    public void A_moment_counts_once_however_many_windows_saw_it()
    {
        var clock = new VirtualClock();
        SignalWindow[] windows = [new(Length, clock), new(Length, clock)];
        foreach (var window in windows)
        {
            window.Record(clock.GetTimestamp(), clock.GetTimestamp(), hasFailed: true);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        windows[1].Record(clock.GetTimestamp(), clock.GetTimestamp(), hasFailed: true);
        var reading = SignalWindow.Read(windows, Slow);
        (reading.Requests, reading.Failures, reading.FailedSlices).ShouldBe((3, 3, 2));
    }

    [Fact]
    public void The_sums_are_those_of_the_window_give_or_take_one_slice() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 4000]).Array[1, 80].Sample(steps =>
        {
            var (clock, window) = New();
            var slice = Length / SignalWindow.Slices;
            var all = new List<(TimeSpan At, bool HasFailed)>();
            foreach (var (hasFailed, wait) in steps)
            {
                clock.Advance(TimeSpan.FromMilliseconds(wait));
                all.Add((clock.Elapsed, hasFailed));
                window.Record(clock.GetTimestamp(), clock.GetTimestamp(), hasFailed);
                var reading = window.Read(Slow);
                reading.Requests.ShouldBeInRange(Within(Length - slice, _ => true), Within(Length, _ => true));
                reading.Failures.ShouldBeInRange(Within(Length - slice, one => one), Within(Length, one => one));
            }

            int Within(TimeSpan age, Func<bool, bool> counts) => all.Count(one => counts(one.HasFailed) && clock.Elapsed - one.At < age);
        });

    [Fact]
    public void Counts_of_many_threads_are_exact_while_slices_turn()
    {
        const int Threads = 8, Rounds = 60, Each = 100;
        var (clock, window) = New();
        using var barrier = new Barrier(Threads, _ => clock.Advance(Length / SignalWindow.Slices / 4));
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, _ =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                for (var count = 0; count < Each; count++)
                {
                    window.Record(clock.GetTimestamp(), clock.GetTimestamp(), hasFailed: true);
                }

                barrier.SignalAndWait(TestContext.Current.CancellationToken);
            }
        });
        window.Read(Slow).ShouldSatisfyAllConditions(
            reading => reading.Requests.ShouldBe(Threads * Rounds * Each), reading => reading.Failures.ShouldBe(Threads * Rounds * Each));
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        var (clock, window) = New();
        window.Record(0, clock.GetTimestamp(), hasFailed: true);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 1000; count++)
        {
            window.Record(0, count * 1000L, hasFailed: true);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static (VirtualClock Clock, SignalWindow Window) New()
    {
        var clock = new VirtualClock();
        return (clock, new SignalWindow(Length, clock));
    }

    private static void Record(SignalWindow window, VirtualClock clock, IEnumerable<int> latencies)
    {
        var now = clock.GetTimestamp();
        foreach (var latency in latencies)
        {
            window.Record(now - (latency * (clock.TimestampFrequency / 1_000_000)), now, hasFailed: false);
        }
    }
}
