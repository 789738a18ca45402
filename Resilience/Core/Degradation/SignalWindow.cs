using System.Numerics;
using System.Runtime.InteropServices;

namespace ResilientShop.Resilience;

/// <summary>
/// Latencies and failures of the requests of the last so many seconds, in slices. Recording takes no lock and allocates nothing; reading adds the slices up.
/// A percentile is off by at most 1.6 % (<see cref="LatencyBuckets"/>) and a window by one slice. Thread-safe.
/// </summary>
public sealed class SignalWindow
{
    /// <summary>Slices to a window.</summary>
    public const int Slices = 20;

    private const long Turning = long.MaxValue;

    /// <summary>A start that no timestamp is within a slice of.</summary>
    private const long NoMoment = long.MinValue / 2;

    private readonly Slice[] _slices = new Slice[Slices + 1];
    private readonly long _sliceStamps;
    private readonly double _microsecondsPerStamp;
    private readonly TimeProvider _time;
    private Slice _latest;
    private long _retired;

    /// <param name="length">Length of the window; 10 s where the policy says nothing else.</param>
    /// <param name="time">Clock of the timestamps that are recorded.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive.</exception>
    public SignalWindow(TimeSpan length, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(length, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _sliceStamps = Math.Max(1, Stamps.From(length, time) / Slices);
        _microsecondsPerStamp = 1e6 / time.TimestampFrequency;

        // As if they had turned in time: then the first requests find the slice of this moment and the one before.
        var number = time.GetTimestamp() / _sliceStamps;
        for (var back = 0; back < _slices.Length; back++)
        {
            _slices[IndexOf(number - back)] = new Slice { Number = number - back, Start = (number - back) * _sliceStamps };
        }

        _latest = _slices[IndexOf(number)];
    }

    /// <summary>All requests that were ever recorded. While a slice turns it can be short of those that the slice held.</summary>
    public long Total => Volatile.Read(ref _retired) + _slices.Sum(slice => Sum(slice.Latencies));

    /// <summary>Counts a request that ended now.</summary>
    /// <param name="startedAt">Timestamp of its start.</param>
    /// <param name="now">Timestamp of its end.</param>
    /// <param name="hasFailed">Whether it failed by the service's fault.</param>
    public void Record(long startedAt, long now, bool hasFailed)
    {
        var slice = SliceAt(now);
        Interlocked.Increment(ref slice.Latencies[LatencyBuckets.IndexOf((long)((now - startedAt) * _microsecondsPerStamp))]);
        if (hasFailed)
        {
            Interlocked.Increment(ref slice.Failures);
        }
    }

    /// <summary>What the window that ends now holds, judged by <paramref name="slow"/>.</summary>
    /// <param name="slow">Latency from which a request counts as slow, to the width of a bucket (3.2 %).</param>
    public WindowReading Read(TimeSpan slow) => Read([this], slow);

    /// <summary>What several windows of one length hold together, as if all had been recorded in one.</summary>
    /// <param name="windows">The windows, of one length and clock.</param>
    /// <param name="slow">Latency from which a request counts as slow, to the width of a bucket (3.2 %).</param>
    public static WindowReading Read(ReadOnlySpan<SignalWindow> windows, TimeSpan slow)
    {
        Span<int> sums = stackalloc int[LatencyBuckets.Count];
        sums.Clear();
        var firstSlow = Math.Min(LatencyBuckets.IndexOf((long)slow.TotalMicroseconds) + 1, LatencyBuckets.Count);
        ulong failed = 0, slowed = 0;
        long failures = 0;
        foreach (var window in windows)
        {
            var newest = window._time.GetTimestamp() / window._sliceStamps;
            foreach (var slice in window._slices)
            {
                var number = Volatile.Read(ref slice.Number);
                if (number <= newest - Slices || number > newest)
                {
                    continue;
                }

                // Slices are told apart by the last bits of their number, so that the same moment of two windows counts once.
                var moment = 1UL << (int)(number & 63);
                var sliceFailures = Volatile.Read(ref slice.Failures);
                failures += sliceFailures;
                failed |= sliceFailures > 0 ? moment : 0;
                slowed |= slice.Latencies.AsSpan(firstSlow).ContainsAnyExcept(0) ? moment : 0;
                Add(slice.Latencies, sums);
            }
        }

        var requests = Sum(sums);
        return new WindowReading(
            requests, failures, Sum(sums[firstSlow..]), BitOperations.PopCount(failed), BitOperations.PopCount(slowed), Percentile(sums, requests, 0.99));
    }

    /// <summary>By the nearest rank: the least latency that the given share of all does not exceed.</summary>
    private static TimeSpan Percentile(ReadOnlySpan<int> counts, long total, double share)
    {
        var rank = (long)Math.Ceiling(share * total);
        for (var index = 0; rank > 0 && index < counts.Length; index++)
        {
            rank -= counts[index];
            if (rank <= 0)
            {
                return TimeSpan.FromMicroseconds(LatencyBuckets.Middle(index));
            }
        }

        return TimeSpan.Zero;
    }

    private static void Add(ReadOnlySpan<int> counts, Span<int> sums)
    {
        var some = MemoryMarshal.Cast<int, Vector<int>>(counts);
        var all = MemoryMarshal.Cast<int, Vector<int>>(sums);
        for (var index = 0; index < all.Length; index++)
        {
            all[index] += some[index];
        }
    }

    private static long Sum(ReadOnlySpan<int> counts)
    {
        long sum = 0;
        foreach (var count in counts)
        {
            sum += count;
        }

        return sum;
    }

    /// <summary>Clocks may start below zero.</summary>
    private int IndexOf(long number)
    {
        var index = (int)(number % _slices.Length);
        return index < 0 ? index + _slices.Length : index;
    }

    private Slice SliceAt(long now)
    {
        // Nearly always it is the one that the last request was in: that costs no division.
        var latest = Volatile.Read(ref _latest);
        return (ulong)(now - Volatile.Read(ref latest.Start)) < (ulong)_sliceStamps ? latest : FindSlice(now);
    }

    private Slice FindSlice(long now)
    {
        var number = now / _sliceStamps;
        var slice = _slices[IndexOf(number)];
        var current = Volatile.Read(ref slice.Number);
        return current >= number && current != Turning ? slice : Turned(slice, current, number);
    }

    /// <summary>
    /// Empties a slice for a new turn. One of those who find it old does so, which takes a microsecond; who comes meanwhile counts in the slice before rather than wait, and
    /// waits only where there was no request in the time of that one.
    /// </summary>
    private Slice Turned(Slice slice, long current, long number)
    {
        if (current != Turning && Interlocked.CompareExchange(ref slice.Number, Turning, current) == current)
        {
            Interlocked.Add(ref _retired, Sum(slice.Latencies));
            Volatile.Write(ref slice.Start, NoMoment);
            Array.Clear(slice.Latencies);
            slice.Failures = 0;
            Volatile.Write(ref slice.Start, number * _sliceStamps);
            Volatile.Write(ref slice.Number, number);
            Volatile.Write(ref _latest, slice);
            return slice;
        }

        var before = _slices[IndexOf(number - 1)];
        if (Volatile.Read(ref before.Number) == number - 1)
        {
            return before;
        }

        for (var wait = new SpinWait(); Volatile.Read(ref slice.Number) == Turning;)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }

        return slice;
    }

    private sealed class Slice
    {
        public readonly int[] Latencies = new int[LatencyBuckets.Count];
        public long Number;
        public long Start;
        public int Failures;
    }
}
