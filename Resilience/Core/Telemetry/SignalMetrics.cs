using System.Diagnostics.Metrics;
using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>
/// The signals of this instance for who looks at the whole fleet: a histogram of latencies, and the number of requests by the way they took, whether they failed and whether
/// they were slow. Every count is there from the start, at 0: of one that appears with its first failure Prometheus would not know the first. Recording takes no lock and
/// allocates nothing. Thread-safe.
/// </summary>
internal sealed class SignalMetrics : IDisposable
{
    /// <summary>Name of the histogram of latencies, in seconds.</summary>
    public const string Durations = "resilience.signal.duration";

    /// <summary>Name of the count of requests.</summary>
    public const string Requests = "resilience.signal.request.count";

    private const int Cheaper = 4;
    private const int Failed = 2;
    private const int Slow = 1;
    private const int Refusals = 8;

    private readonly Meter _meter;
    private readonly Histogram<double> _durations;
    private readonly KeyValuePair<string, object?> _replica;
    private readonly long[] _counts = new long[Refusals + 1];

    /// <param name="replica">
    /// Which instance of the service it is. Where a proxy stands before the instances, a scrape finds now one and now another; the counts of two must not look like one that jumps.
    /// </param>
    /// <param name="meters">Gives the meter where a host has one.</param>
    public SignalMetrics(string replica, IMeterFactory? meters = null)
    {
        _meter = meters?.Create(ResilienceMetrics.Name) ?? new Meter(ResilienceMetrics.Name);
        _replica = new KeyValuePair<string, object?>("replica", replica);
        _durations = _meter.CreateHistogram(
            Durations, "s", "Latencies of the requests that the service is judged by.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Boundaries });
        var labels = Enumerable.Range(0, _counts.Length).Select(LabelsOf).ToArray();
        _meter.CreateObservableCounter(
            Requests,
            () => labels.Select((set, index) => new Measurement<long>(Volatile.Read(ref _counts[index]), set)),
            "{request}",
            "Requests that the service is judged by: the way they took, whether they failed by its fault, whether they took longer than its P99 limit.");
    }

    /// <summary>From 1 ms to 70 s, each 1.25 times the one before, to three digits: so far off can a percentile be that is read from them.</summary>
    public static IReadOnlyList<double> Boundaries { get; } =
        [.. Enumerable.Range(0, 51).Select(power => double.Parse((0.001 * Math.Pow(1.25, power)).ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))];

    /// <summary>A request has ended.</summary>
    public void Served(TimeSpan duration, bool tookNormalWay, bool hasFailed, bool isSlow)
    {
        _durations.Record(duration.TotalSeconds, _replica);
        Interlocked.Increment(ref _counts[(tookNormalWay ? 0 : Cheaper) | (hasFailed ? Failed : 0) | (isSlow ? Slow : 0)]);
    }

    /// <summary>A request was refused because the service is broken: traffic, which tells nothing else.</summary>
    public void Refused() => Interlocked.Increment(ref _counts[Refusals]);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private KeyValuePair<string, object?>[] LabelsOf(int index) =>
    [
        new("way", index == Refusals ? "refused" : (index & Cheaper) == 0 ? "normal" : "cheaper"),
        new("failed", (index & Failed) == 0 ? "false" : "true"),
        new("slow", (index & Slow) == 0 ? "false" : "true"),
        _replica,
    ];
}
