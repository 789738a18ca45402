using System.Diagnostics;
using System.Globalization;

namespace ResilientShop.Resilience.Testing;

/// <summary>
/// Runs work on a <see cref="VirtualClock"/>. The hard part is to know when the work does nothing but wait, because a clock moved too early fires
/// a timeout before the wait that should have come first was even begun. The marker <see cref="_inside"/> flows with the work's
/// <see cref="ExecutionContext"/> to every thread that goes on with it, and reports when a thread takes it up and lays it down;
/// what sits in the thread pool's queues, taken up by nobody yet, shows in the pool's own counters.
/// </summary>
internal sealed class ClockDrive
{
    // A loop that polls for ever ends here instead of hanging the test run.
    private const int MaxTimers = 1_000_000;

    // So many looks, a millisecond apart, without a sign of the work, when the pool's counters do not settle it. Several, because a thread on its way
    // from one part of the work to the next shows in neither, and may have to wait for a core just then: on a busy machine for as many more turns as
    // there are threads before it.
    private const int CalmLooks = 10;

    // When one more thread is busy than others had: it may be at the first step of the work, which the runtime may have to compile before it shows.
    private const int CalmLooksWhenSuspicious = 100;

    // When other tests keep the pool's queues from ever being empty: by then, a second, all that the work had queued has been taken up,
    // even if every thread was blocked and the pool had to start one more.
    private const int CalmLooksWhenQueued = 1000;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(1);

    private readonly PoolWatch _pool = new();
    private readonly VirtualClock _clock;
    private readonly AsyncLocal<bool> _inside;
    private int _threadsInside;
    private long _entries;
    private int _running;

    public ClockDrive(VirtualClock clock)
    {
        _clock = clock;
        _inside = new AsyncLocal<bool>(OnThreadEntersOrLeaves);
    }

    public async Task<T> RunAsync<T>(Func<Task<T>> work, bool callerWaits)
    {
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("The clock already runs work. Start everything that belongs together in one run, with Task.WhenAll.");
        }

        try
        {
            _pool.WaitingThread = callerWaits && Thread.CurrentThread.IsThreadPoolThread ? Environment.CurrentManagedThreadId : 0;

            // With a context or scheduler of its own, the runtime would queue the continuations of a timer instead of running them at once.
            // Both are the caller's again when this method returns or first waits: the runtime sees to that.
            SynchronizationContext.SetSynchronizationContext(null);
            if (TaskScheduler.Current != TaskScheduler.Default)
            {
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }

            _pool.LearnBeforeWork();
            var task = StartAsync(work);
            await DriveAsync(task).ConfigureAwait(false);
            return await task.ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    // Asynchronous so that the marker stays with the work: what an async method puts into the context does not flow back to its caller.
    private async Task<T> StartAsync<T>(Func<Task<T>> work)
    {
        _inside.Value = true;
        return await work().ConfigureAwait(false);
    }

    private async Task DriveAsync(Task work)
    {
        for (var fired = 0; !work.IsCompleted; fired++)
        {
            await SettleAsync(work).ConfigureAwait(false);
            if (work.IsCompleted)
            {
                return;
            }

            if (fired >= MaxTimers)
            {
                throw new ResilienceAssertionException(string.Create(CultureInfo.InvariantCulture,
                    $"The work has not ended after {MaxTimers} timers and {_clock.Elapsed} on the clock. Does something poll for ever?"));
            }

            if (!_clock.TryAdvanceToNextTimer())
            {
                await WaitForTimerAsync(work).ConfigureAwait(false);
            }
        }
    }

    private async Task WaitForTimerAsync(Task work)
    {
        try
        {
            await Task.WhenAny(work, _clock.TimerIsSetAsync()).WaitAsync(_clock.Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ResilienceAssertionException(string.Create(CultureInfo.InvariantCulture,
                $"The work waits for something that no clock can bring about: no timer is set at {_clock.Elapsed} on the clock, and nothing happened ")
                + $"in {_clock.Patience.TotalSeconds:0.###} s of real time. Does it wait on another clock, or for a reply that is never given and that nobody cancels?");
        }
    }

    /// <summary>Waits until nothing of the work runs or is queued to run.</summary>
    private async Task SettleAsync(Task work)
    {
        var began = Stopwatch.GetTimestamp();
        var entries = Interlocked.Read(ref _entries);
        var busy = int.MaxValue;
        for (var calm = 0; !work.IsCompleted && !IsQuiet();)
        {
            if (calm >= CalmLooks && calm >= LooksNeeded(busy))
            {
                _pool.Learn(busy);
                return;
            }

            ThrowIfOutOfPatience(began);

            // Leaves the pool, because a thread that is kept busy does not take what waits in the queue of another one.
            await Task.Delay(BetweenLooks).ConfigureAwait(false);
            var seen = Interlocked.Read(ref _entries);
            var isCalm = seen == entries && Volatile.Read(ref _threadsInside) == 0;
            (calm, busy) = isCalm ? (calm + 1, Math.Min(busy, _pool.BusyOthers())) : (0, int.MaxValue);
            entries = seen;
        }
    }

    private int LooksNeeded(int busy) =>
        PoolWatch.IsQueued ? CalmLooksWhenQueued
        : CoreQueue.Length * (_pool.IsMoreThanOthers(busy) ? CalmLooksWhenSuspicious : CalmLooks);

    private bool IsQuiet() => Volatile.Read(ref _threadsInside) == 0 && _pool.IsQuiet() && Volatile.Read(ref _threadsInside) == 0;

    private void ThrowIfOutOfPatience(long began)
    {
        // Without a thread in the work there is an end to the looks anyway.
        if (Volatile.Read(ref _threadsInside) != 0 && Stopwatch.GetElapsedTime(began) > _clock.Patience)
        {
            throw new ResilienceAssertionException(
                $"A thread has been busy with the work, or blocked in it, for {_clock.Patience.TotalSeconds:0.###} s of real time, so the clock cannot move on. "
                + "Await instead of blocking; for work that really takes so long, set VirtualClock.Patience.");
        }
    }

    private void OnThreadEntersOrLeaves(AsyncLocalValueChangedArgs<bool> change)
    {
        if (change.CurrentValue && !change.PreviousValue)
        {
            Interlocked.Increment(ref _threadsInside);
            Interlocked.Increment(ref _entries);
        }
        else if (change.PreviousValue && !change.CurrentValue)
        {
            Interlocked.Decrement(ref _threadsInside);
        }
    }
}
