namespace ResilientShop.Resilience;

/// <summary>What a <see cref="SignalWindow"/> held at one moment.</summary>
/// <param name="Requests">Requests that ended within the window.</param>
/// <param name="Failures">Those that failed by the service's fault.</param>
/// <param name="Slow">Those that took longer than the limit the reading was taken for.</param>
/// <param name="FailedSlices">Slices of the window with a failure: how far failures are spread in time.</param>
/// <param name="SlowSlices">Slices with a slow request.</param>
/// <param name="P99">The latency that 99 % of the requests did not exceed, off by at most 1.6 %; zero without requests.</param>
public readonly record struct WindowReading(long Requests, long Failures, long Slow, int FailedSlices, int SlowSlices, TimeSpan P99)
{
    /// <summary>Share of failed requests; not a number without requests.</summary>
    public double ErrorRatio => Requests == 0 ? double.NaN : (double)Failures / Requests;
}
