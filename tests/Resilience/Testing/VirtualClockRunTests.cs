using System.Threading.Channels;
using CsCheck;

namespace Resilience.Tests.Testing;

public sealed class VirtualClockRunTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly CancellationToken Never = CancellationToken.None;
    private readonly VirtualClock _clock = new();
    private readonly VirtualClock _impatient = new() { Patience = TimeSpan.FromMilliseconds(100) };

    [Fact]
    public async Task Hours_of_waiting_take_no_time()
    {
        var answer = await _clock.RunAsync(async () =>
        {
            await Task.Delay(TimeSpan.FromHours(5), _clock, Never);
            return 42;
        });
        answer.ShouldBe(42);
        _clock.Elapsed.ShouldBe(TimeSpan.FromHours(5));
        _clock.ShouldHaveNoTimers();
    }

    [Fact]
    public void Work_can_be_run_from_a_synchronous_test()
    {
        _clock.Run(() => Task.Delay(Second, _clock, Never));
        _clock.Run(() => Task.FromResult(7)).ShouldBe(7);
        _clock.Elapsed.ShouldBe(Second);
    }

    [Fact]
    public async Task What_the_work_throws_is_thrown()
    {
        await Should.ThrowAsync<FormatException>(() => _clock.RunAsync(() => throw new FormatException()));
        await Should.ThrowAsync<FormatException>(() => _clock.RunAsync(async () =>
        {
            await Task.Delay(Second, _clock, Never);
            throw new FormatException();
        }));
        await _clock.RunAsync(() => Task.CompletedTask);
    }

    [Fact]
    public async Task The_shorter_of_timeout_and_wait_wins()
    {
        (await TimesOut(wait: 2, timeout: 3)).ShouldBeFalse();
        (await TimesOut(wait: 3, timeout: 2)).ShouldBeTrue();
        _clock.Elapsed.ShouldBe(4 * Second);
        _clock.ShouldHaveNoTimers();

        Task<bool> TimesOut(int wait, int timeout) => _clock.RunAsync(async () =>
        {
            using var cancellation = new CancellationTokenSource(timeout * Second, _clock);
            try
            {
                await Task.Delay(wait * Second, _clock, cancellation.Token);
                return false;
            }
            catch (OperationCanceledException)
            {
                return true;
            }
        });
    }

    [Fact]
    public async Task A_loop_on_a_periodic_timer_runs_beside_the_work()
    {
        var beats = new List<TimeSpan>();
        await _clock.RunAsync(async () =>
        {
            using var stop = new CancellationTokenSource();
            var loop = Beat(stop.Token);
            await Task.Delay(TimeSpan.FromSeconds(3.5), _clock, Never);
            await stop.CancelAsync();
            await loop;
        });
        beats.ShouldBe([Second, 2 * Second, 3 * Second]);
        _clock.ShouldHaveNoTimers();

        async Task Beat(CancellationToken stopping)
        {
            using var timer = new PeriodicTimer(Second, _clock);
            try
            {
                while (await timer.WaitForNextTickAsync(stopping))
                {
                    beats.Add(_clock.Elapsed);
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    [Fact]
    public void Concurrent_tasks_always_run_in_the_same_order()
    {
        Log().ShouldBe(Log());

        static List<string> Log()
        {
            var clock = new VirtualClock();
            var log = new List<string>();
            clock.Run(() => Task.WhenAll(Enumerable.Range(1, 5).Select(async id =>
            {
                for (var step = 1; step <= 6; step++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(id * step % 4 + 1), clock, Never);
                    log.Add($"{clock.Elapsed.TotalMilliseconds}: {id}.{step}");
                }
            })));
            return log;
        }
    }

    // On one thread the pool is idle but for the work; on several each sample is noise for the others.
    [Theory]
    [InlineData(1, 100)]
    [InlineData(-1, 10)]
    public void Work_that_hops_threads_sees_the_same_times_as_work_that_does_not(int threads, int samples) =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 5]).Array[1, 6].Array[1, 4].Sample(tasks =>
        {
            var clock = new VirtualClock();
            var seen = clock.Run(() => Task.WhenAll(tasks.Select(waits => WaitAndHopAsync(clock, waits))));
            seen.Length.ShouldBe(tasks.Length);
            for (var task = 0; task < tasks.Length; task++)
            {
                var expected = 0;
                seen[task].ShouldBe(tasks[task].Select(wait => TimeSpan.FromMilliseconds(expected += wait.Item1)));
            }

            // The hour-long timeouts that stood beside every wait never came first, and none is left.
            clock.Elapsed.ShouldBe(seen.Max(times => times[^1]));
            clock.ShouldHaveNoTimers();
        }, iter: samples, threads: threads);

    [Fact]
    public async Task A_timer_that_is_set_from_outside_wakes_the_run()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = new VirtualClock().RunAsync(() => release.Task);
        run.IsCompleted.ShouldBeFalse();
        release.SetResult();
        await run;

        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        run = _clock.RunAsync(() => signal.Task);
        await using var timer = _clock.CreateTimer(_ => signal.SetResult(), null, Second, Timeout.InfiniteTimeSpan);
        await run;
        _clock.Elapsed.ShouldBe(Second);
    }

    [Fact]
    public async Task Work_that_no_clock_can_end_is_reported()
    {
        var failure = await Should.ThrowAsync<ResilienceAssertionException>(
            () => _impatient.RunAsync(() => new TaskCompletionSource().Task));
        failure.Message.ShouldContain("waits for something that no clock can bring about");

        await Should.ThrowAsync<ResilienceAssertionException>(() => _impatient.RunAsync(() => Task.Delay(Second, _clock, Never)));
    }

    [Fact]
    public async Task Work_that_blocks_a_thread_is_reported()
    {
        using var gate = new ManualResetEventSlim();
        var failure = await Should.ThrowAsync<ResilienceAssertionException>(
            () => _impatient.RunAsync(() => Task.Run(gate.Wait, Never)));
        gate.Set();
        failure.Message.ShouldContain("blocked");
    }

    [Fact]
    public async Task Work_that_polls_for_ever_is_reported()
    {
        await using var poll = _clock.CreateTimer(_ => { }, null, Second, Second);
        var failure = await Should.ThrowAsync<ResilienceAssertionException>(
            () => _clock.RunAsync(() => new TaskCompletionSource().Task));
        failure.Message.ShouldContain("poll for ever");
    }

    [Fact]
    public async Task Two_runs_at_once_are_refused()
    {
        await _clock.RunAsync(() => Should.ThrowAsync<InvalidOperationException>(() => _clock.RunAsync(() => Task.CompletedTask)));
        await _clock.RunAsync(() => Task.Delay(Second, _clock, Never));
    }

    [Fact]
    public async Task The_callers_synchronization_context_is_neither_used_nor_lost()
    {
        var context = new CountingContext();
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        Task run;
        try
        {
            run = _clock.RunAsync(async () =>
            {
                SynchronizationContext.Current.ShouldBeNull();
                await Task.Yield();
                await Task.Delay(Second, _clock, Never);
            });
            SynchronizationContext.Current.ShouldBeSameAs(context);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        await run;
        context.Posts.ShouldBe(0);
    }

    [Fact]
    public async Task It_works_from_within_another_task_scheduler()
    {
        var exclusive = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        await Task.Factory.StartNew(() => _clock.RunAsync(() => Task.Delay(Second, _clock, Never)), Never, TaskCreationOptions.None, exclusive).Unwrap();
        _clock.Elapsed.ShouldBe(Second);
    }

    private static async Task<List<TimeSpan>> WaitAndHopAsync(VirtualClock clock, (int Wait, int Hop)[] waits)
    {
        var times = new List<TimeSpan>();
        foreach (var (wait, hop) in waits)
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromHours(1), clock);
            await HopAsync(hop);
            await Task.Delay(TimeSpan.FromMilliseconds(wait), clock, timeout.Token);
            times.Add(clock.Elapsed);
        }

        return times;
    }

    private static async Task HopAsync(int hop)
    {
        switch (hop)
        {
            case 1:
                await Task.Yield();
                break;
            case 2:
                await Task.Run(() => { }, Never);
                break;
            case 3:
                using (var semaphore = new SemaphoreSlim(0))
                {
                    var entered = semaphore.WaitAsync(Never);
                    semaphore.Release();
                    await entered;
                }

                break;
            case 4:
                var channel = Channel.CreateUnbounded<int>();
                var read = channel.Reader.ReadAsync(Never);
                channel.Writer.TryWrite(1);
                await read;
                break;
            case 5:
                // A chain of hops, with nothing but the pool's queues holding the work in between.
                for (var link = 0; link < 5; link++)
                {
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                }

                break;
        }
    }

    private sealed class CountingContext : SynchronizationContext
    {
        private int _posts;

        public int Posts => Volatile.Read(ref _posts);

        public override void Post(SendOrPostCallback d, object? state)
        {
            Interlocked.Increment(ref _posts);
            base.Post(d, state);
        }
    }
}
