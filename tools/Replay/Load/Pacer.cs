namespace Replay.Load;

/// <summary>
/// An open-loop clock: order <c>n</c> is due at <c>start + n / rate</c>, no matter how slow the answers are. Latency is counted from the due time,
/// so a shop that stalls cannot hide the orders that had to wait (coordinated omission; Tene, "How NOT to Measure Latency"). With rate 0
/// each order is due when it can be sent. Belongs to one caller.
/// </summary>
internal sealed class Pacer(double ordersPerSecond, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private long _next;

    /// <summary>Waits until the next order is due, and returns when that was, as a timestamp of the clock; null with rate 0.</summary>
    public async ValueTask<long?> WaitForNextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (ordersPerSecond == 0)
        {
            return null;
        }

        var due = _start + (long)(_next++ / ordersPerSecond * time.TimestampFrequency);
        var early = time.GetElapsedTime(time.GetTimestamp(), due);
        if (early > TimeSpan.Zero)
        {
            // Timers count whole milliseconds; rounding up keeps orders from leaving early.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(early.TotalMilliseconds)), time, cancellationToken);
        }

        return due;
    }
}
