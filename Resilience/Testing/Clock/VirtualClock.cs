namespace ResilientShop.Resilience.Testing;

/// <summary>
/// A clock that stands still until it is told to move, for everything that takes a <see cref="TimeProvider"/>: delays, timeouts,
/// <see cref="CancellationTokenSource"/>, <see cref="PeriodicTimer"/>, <see cref="Deadline"/>. Move it by hand with <see cref="Advance"/>,
/// or let <see cref="RunAsync{T}"/> move it whenever the work waits, so that a test of minutes of backoff takes no time at all.
/// </summary>
/// <remarks>
/// All members are thread-safe. A timer fires while the clock is moved, on the thread that moves it, and the clock then reads exactly the time
/// at which the timer was due; timers due at the same time fire in the order in which they were set. As with the system clock, a callback
/// runs in the <see cref="ExecutionContext"/> its timer was made in. A timer that is due at once still waits for the clock to be moved, if only by
/// zero.
/// </remarks>
public sealed class VirtualClock : TimeProvider
{
    /// <summary>What <see cref="GetUtcNow"/> reads on a new clock unless told otherwise.</summary>
    public static readonly DateTimeOffset DefaultStart = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _gate = new();
    private readonly SortedSet<VirtualTimer> _timers = new(VirtualTimer.DueOrder);
    private readonly DateTimeOffset _start;
    private readonly ClockDrive _drive;
    private long _now;
    private long _lastSequence;
    private TaskCompletionSource? _timerIsSet;

    /// <summary>A clock that stands at <see cref="DefaultStart"/>.</summary>
    public VirtualClock()
        : this(DefaultStart)
    {
    }

    /// <summary>A clock that stands at <paramref name="start"/>.</summary>
    public VirtualClock(DateTimeOffset start)
    {
        _start = start.ToUniversalTime();
        _drive = new ClockDrive(this);
    }

    /// <summary>How far the clock has been moved since it was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

    /// <summary>
    /// How many timers are set to fire: 0 once every timeout, delay and loop on this clock has ended and was cleaned up.
    /// <see cref="ClockAssertions.ShouldHaveNoTimers"/> tells which ones are left.
    /// </summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>
    /// How long, in real time, a run lets the work be busy on other threads, or wait without a timer, before it fails. Default: 10 seconds.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Always UTC, so that a test has the same result wherever it runs.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _now);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>
    /// Moves the clock and fires every timer that is due by then, in the order of their due times. A timer that a callback sets fires too if
    /// it is due by then. What a callback throws is thrown here; timers that were still to come stay set.
    /// </summary>
    /// <param name="by">How far; not negative. Zero fires what is due now.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or would move the clock beyond the year 9999.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var now = GetTimestamp();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(by.Ticks, Range - now, nameof(by));

        var target = now + by.Ticks;
        while (TakeNext(target) is { } timer)
        {
            timer.Fire();
        }

        lock (_gate)
        {
            MoveTo(target);
        }
    }

    /// <summary>Moves the clock to the time at which the next timer is due, and fires that one timer.</summary>
    /// <returns>False when no timer is set; the clock then stays where it is.</returns>
    public bool TryAdvanceToNextTimer()
    {
        if (TakeNext(Range) is not { } timer)
        {
            return false;
        }

        timer.Fire();
        return true;
    }

    /// <summary>
    /// Runs work to its end, moving the clock to the next timer whenever the work waits. Waits and timeouts pass in their order, and no real time
    /// passes with them. The work starts on the calling thread and runs without a synchronization context.
    /// </summary>
    /// <remarks>
    /// The clock moves only when no thread runs the work and the thread pool holds nothing of it, so work that hops threads
    /// (<see cref="Task.Run(Action)"/>,
    /// <see cref="Task.Yield"/>, channels, semaphores) sees the same times in every run. Two limits: real input and output cannot be seen,
    /// so the clock may move while the work waits for a socket; and of things that happen at the same virtual time on different threads, either may
    /// be first.
    /// </remarks>
    /// <param name="work">What to run; several tasks at once by means of <see cref="Task.WhenAll(Task[])"/>.</param>
    /// <returns>What the work returns; its exception or cancellation when it fails.</returns>
    /// <exception cref="ResilienceAssertionException">
    /// The work waits for something that no clock can bring about, blocks a thread for longer than <see cref="Patience"/>, or never ends.
    /// </exception>
    /// <exception cref="InvalidOperationException">The clock is already running work.</exception>
    public Task<T> RunAsync<T>(Func<Task<T>> work) => DriveAsync(work, callerWaits: false);

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Func<Task> work) => DriveAsync(WithResult(work), callerWaits: false);

    /// <summary>As <see cref="RunAsync{T}"/>, but blocks the calling thread until the work has ended: for property tests, whose bodies are
    /// synchronous.</summary>
    /// <inheritdoc cref="RunAsync{T}"/>
    public T Run<T>(Func<Task<T>> work) => DriveAsync(work, callerWaits: true).GetAwaiter().GetResult();

    /// <inheritdoc cref="Run{T}"/>
    public void Run(Func<Task> work) => DriveAsync(WithResult(work), callerWaits: true).GetAwaiter().GetResult();

    internal IReadOnlyList<string> DescribeTimers()
    {
        lock (_gate)
        {
            return [.. _timers.Select(timer => timer.Describe(_now))];
        }
    }

    /// <summary>Completes when a timer is set; at once when one is.</summary>
    internal Task TimerIsSetAsync()
    {
        lock (_gate)
        {
            // Asynchronously, because the waiting run must not go on in the middle of the work that sets the timer.
            return _timers.Count > 0
                ? Task.CompletedTask
                : (_timerIsSet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    internal bool Set(VirtualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
            if (timer.IsDisposed)
            {
                return false;
            }

            timer.Period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Add(timer, _now + dueTime.Ticks);
            }

            return true;
        }
    }

    internal void Remove(VirtualTimer timer)
    {
        lock (_gate)
        {
            timer.IsDisposed = true;
            _timers.Remove(timer);
        }
    }

    private static Func<Task<bool>> WithResult(Func<Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return async () =>
        {
            await work().ConfigureAwait(false);
            return true;
        };
    }

    private Task<T> DriveAsync<T>(Func<Task<T>> work, bool callerWaits)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _drive.RunAsync(work, callerWaits);
    }

    private long Range => (DateTimeOffset.MaxValue - _start).Ticks;

    private VirtualTimer? TakeNext(long target)
    {
        lock (_gate)
        {
            if (_timers.Min is not { } timer || timer.DueAt > target)
            {
                return null;
            }

            _timers.Remove(timer);
            MoveTo(timer.DueAt);
            if (timer.Period > TimeSpan.Zero)
            {
                // Before the callback, which may want to change the timer or dispose of it.
                Add(timer, timer.DueAt + timer.Period.Ticks);
            }

            return timer;
        }
    }

    private void Add(VirtualTimer timer, long dueAt)
    {
        timer.DueAt = Math.Min(dueAt, Range);
        timer.Sequence = ++_lastSequence;
        _timers.Add(timer);
        _timerIsSet?.TrySetResult();
        _timerIsSet = null;
    }

    // A callback may move the clock itself; the outer call must not turn it back then.
    private void MoveTo(long timestamp) => Interlocked.Exchange(ref _now, Math.Max(_now, timestamp));
}
