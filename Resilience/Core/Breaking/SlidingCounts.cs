namespace ResilientShop.Resilience;

/// <summary>
/// Two counters over the last so many seconds, in slices of a tenth of that. Adding takes no lock and allocates nothing. A count that races with the
/// change of a slice may be lost; that is one in millions, and nobody decides on one.
/// </summary>
internal sealed class SlidingCounts
{
    private const int SliceCount = 10;

    private readonly Slice[] _slices = new Slice[SliceCount + 1];
    private readonly long _sliceStamps;
    private readonly Lock _turning = new();

    public SlidingCounts(TimeSpan window, TimeProvider time)
    {
        _sliceStamps = Math.Max(1, Stamps.From(window, time) / SliceCount);
        Clear();
    }

    public void AddFirst(long now) => Interlocked.Increment(ref SliceAt(now).First);

    public void AddSecond(long now) => Interlocked.Increment(ref SliceAt(now).Second);

    /// <summary>Both sums over the window that ends now.</summary>
    public (long First, long Second) Sum(long now)
    {
        var oldest = (now / _sliceStamps) - SliceCount;
        long first = 0, second = 0;
        foreach (ref var slice in _slices.AsSpan())
        {
            if (Volatile.Read(ref slice.Number) > oldest)
            {
                first += Volatile.Read(ref slice.First);
                second += Volatile.Read(ref slice.Second);
            }
        }

        return (first, second);
    }

    public void Clear()
    {
        lock (_turning)
        {
            foreach (ref var slice in _slices.AsSpan())
            {
                (slice.First, slice.Second) = (0, 0);
                Volatile.Write(ref slice.Number, long.MinValue);
            }
        }
    }

    private ref Slice SliceAt(long now)
    {
        var number = now / _sliceStamps;
        ref var slice = ref _slices[(int)((ulong)number % (ulong)_slices.Length)];
        if (Volatile.Read(ref slice.Number) != number)
        {
            Turn(ref slice, number);
        }

        return ref slice;
    }

    private void Turn(ref Slice slice, long number)
    {
        lock (_turning)
        {
            // Somebody who was held up between reading the clock and coming here must not wipe a newer slice.
            if (slice.Number < number)
            {
                (slice.First, slice.Second) = (0, 0);
                Volatile.Write(ref slice.Number, number);
            }
        }
    }

    private struct Slice
    {
        public long Number;
        public long First;
        public long Second;
    }
}
