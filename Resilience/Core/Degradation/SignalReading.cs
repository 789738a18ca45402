namespace ResilientShop.Resilience;

/// <summary>Everything the engine knows of a service at one moment.</summary>
/// <param name="All">All its requests.</param>
/// <param name="Recovered">While a recovery is under way: the requests since its present step that took the normal way. Otherwise empty.</param>
/// <param name="Rate">Requests per second, or null while it is not known.</param>
/// <param name="Slope">How that rate changes, in 1/s^2, or null while it is not known.</param>
/// <param name="SlopeNoise">Standard deviation that the slope would have by chance alone, in 1/s^2.</param>
/// <param name="Latencies">The requests whose latencies are judged, where their window is another than that of the failures; null where it is the same.</param>
public readonly record struct SignalReading(
    WindowReading All, WindowReading Recovered = default, double? Rate = null, double? Slope = null, double SlopeNoise = 0, WindowReading? Latencies = null)
{
    /// <summary>The requests whose latencies are judged.</summary>
    public WindowReading Timed => Latencies ?? All;
}
