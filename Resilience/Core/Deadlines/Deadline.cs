using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>
/// The moment after which nobody waits for an answer any more. Measured on the monotonic clock of a <see cref="TimeProvider"/>,
/// so a change of the wall clock neither shortens nor lengthens it. Between services it travels as the time that is left
/// (<see cref="ResilienceHeaders.DeadlineMs"/>), so their clocks need not agree. Immutable, thread-safe; the default value is <see cref="None"/>.
/// </summary>
public readonly struct Deadline : IEquatable<Deadline>
{
    // One string for each number that is sent often: a header on every call must not cost an allocation.
    private static readonly string?[] HeaderValues = new string?[10_001];

    private readonly TimeProvider? _time;
    private readonly long _expiresAt;

    private Deadline(TimeProvider time, long expiresAt) => (_time, _expiresAt) = (time, expiresAt);

    /// <summary>Longest budget that is accepted from another service; more is taken for a mistake.</summary>
    public static readonly TimeSpan MaxBudget = TimeSpan.FromHours(1);

    /// <summary>No deadline: it never expires.</summary>
    public static Deadline None => default;

    /// <summary>Whether there is no deadline.</summary>
    public bool IsNone => _time is null;

    /// <summary>Time left; zero once expired, <see cref="TimeSpan.MaxValue"/> without a deadline.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (_time is null)
            {
                return TimeSpan.MaxValue;
            }

            var now = _time.GetTimestamp();
            return now >= _expiresAt ? TimeSpan.Zero : _time.GetElapsedTime(now, _expiresAt);
        }
    }

    /// <summary>The deadline of the request being served (<see cref="CallContext.Current"/>), or <see cref="None"/>.</summary>
    public static Deadline Current => CallContext.Current.Deadline;

    /// <summary>Whether no time is left.</summary>
    public bool HasExpired => Remaining == TimeSpan.Zero;

    /// <summary>A deadline that expires <paramref name="budget"/> from now. A budget beyond the clock's range is cut to it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The budget is negative.</exception>
    public static Deadline After(TimeSpan budget, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, TimeSpan.Zero);

        return new Deadline(time, Stamps.Add(time.GetTimestamp(), Stamps.From(budget, time)));
    }

    /// <summary>The deadline that comes first; the other one when one is <see cref="None"/>.</summary>
    public static Deadline Earlier(Deadline left, Deadline right)
    {
        if (left.IsNone || right.IsNone)
        {
            return left.IsNone ? right : left;
        }

        var isLeft = ReferenceEquals(left._time, right._time) ? left._expiresAt <= right._expiresAt : left.Remaining <= right.Remaining;
        return isLeft ? left : right;
    }

    /// <summary>When this deadline expires, as a timestamp of <paramref name="time"/>; <see cref="long.MaxValue"/> for none.</summary>
    internal long ExpiresAt(TimeProvider time, long now)
    {
        if (_time is null)
        {
            return long.MaxValue;
        }

        return ReferenceEquals(time, _time) ? _expiresAt : Stamps.Add(now, Stamps.From(Remaining, time));
    }

    /// <summary>The deadline at a timestamp of <paramref name="time"/>.</summary>
    internal static Deadline At(long expiresAt, TimeProvider time) => new(time, expiresAt);

    /// <summary>
    /// Reads the value of <see cref="ResilienceHeaders.DeadlineMs"/>: decimal digits only, at most <see cref="MaxBudget"/>.
    /// Zero is a deadline that has expired already. Text, signs, fractions and larger numbers are not accepted.
    /// </summary>
    /// <returns>False when <paramref name="text"/> is not such a number; <paramref name="deadline"/> is then <see cref="None"/>.</returns>
    public static bool TryParse(string? text, TimeProvider time, out Deadline deadline)
    {
        ArgumentNullException.ThrowIfNull(time);
        deadline = None;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds > MaxBudget.TotalMilliseconds)
        {
            return false;
        }

        deadline = After(TimeSpan.FromMilliseconds(milliseconds), time);
        return true;
    }

    /// <summary>
    /// The value to send in <see cref="ResilienceHeaders.DeadlineMs"/>: whole milliseconds left, rounded down so that the callee never
    /// believes it has more time than its caller; null without a deadline.
    /// </summary>
    public string? ToHeaderValue() =>
        IsNone ? null : ToHeaderValue(Remaining);

    /// <summary><paramref name="left"/> in whole milliseconds, rounded down, at most <see cref="MaxBudget"/>.</summary>
    internal static string ToHeaderValue(TimeSpan left)
    {
        var milliseconds = (int)Math.Min(left.Ticks / TimeSpan.TicksPerMillisecond, (long)MaxBudget.TotalMilliseconds);
        return (uint)milliseconds < (uint)HeaderValues.Length
            ? HeaderValues[milliseconds] ??= milliseconds.ToString(CultureInfo.InvariantCulture)
            : milliseconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The same deadline, moved forward by <paramref name="reserve"/>: time that the caller keeps for itself.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The reserve is negative.</exception>
    public Deadline Less(TimeSpan reserve)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reserve, TimeSpan.Zero);
        if (_time is null)
        {
            return this;
        }

        var remaining = Remaining;
        return After(remaining > reserve ? remaining - reserve : TimeSpan.Zero, _time);
    }

    /// <inheritdoc/>
    public bool Equals(Deadline other) => ReferenceEquals(_time, other._time) && _expiresAt == other._expiresAt;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Deadline other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_time, _expiresAt);

    /// <summary>Whether both expire at the same moment of the same clock.</summary>
    public static bool operator ==(Deadline left, Deadline right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Deadline left, Deadline right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() => IsNone ? "no deadline" : $"{Remaining.TotalMilliseconds:0} ms left";
}
