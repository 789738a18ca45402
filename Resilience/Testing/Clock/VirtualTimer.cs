using System.Globalization;

namespace ResilientShop.Resilience.Testing;

/// <summary>A timer of a <see cref="VirtualClock"/>, whose lock guards everything mutable here.</summary>
internal sealed class VirtualTimer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
{
    // The range of System.Threading.Timer: what works on this clock must work on the real one.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public static IComparer<VirtualTimer> DueOrder { get; } = Comparer<VirtualTimer>.Create((left, right) =>
        left.DueAt != right.DueAt ? left.DueAt.CompareTo(right.DueAt) : left.Sequence.CompareTo(right.Sequence));

    /// <summary>Timestamp of the next firing.</summary>
    public long DueAt { get; set; }

    /// <summary>Order among timers that are due at the same time.</summary>
    public long Sequence { get; set; }

    /// <summary>Not above zero when the timer fires once.</summary>
    public TimeSpan Period { get; set; }

    public bool IsDisposed { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        ThrowIfNotATime(dueTime, nameof(dueTime));
        ThrowIfNotATime(period, nameof(period));
        return clock.Set(this, dueTime, period);
    }

    public void Fire()
    {
        if (_context is null)
        {
            callback(state);
        }
        else
        {
            ExecutionContext.Run(_context, static timer => ((VirtualTimer)timer!).Call(), this);
        }
    }

    public string Describe(long now)
    {
        var due = TimeSpan.FromTicks(DueAt - now).TotalMilliseconds;
        var every = Period > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $", then every {Period.TotalMilliseconds:0.####} ms") : "";
        var owner = state?.GetType() ?? callback.Method.DeclaringType;
        return string.Create(CultureInfo.InvariantCulture, $"due in {due:0.####} ms{every}, set by {owner}");
    }

    public void Dispose() => clock.Remove(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Call() => callback(state);

    private static void ThrowIfNotATime(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan && (time < TimeSpan.Zero || time > Longest))
        {
            throw new ArgumentOutOfRangeException(name, time, "A timer takes a time of at most 49.7 days, not negative, or Timeout.InfiniteTimeSpan.");
        }
    }
}
