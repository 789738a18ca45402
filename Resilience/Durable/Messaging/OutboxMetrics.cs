using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What the relay reports. The gauges speak only while this instance is the relay, so one process answers for a database.</summary>
internal sealed class OutboxMetrics
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Counter<long> _published;
    private readonly Counter<long> _parked;
    private readonly TimeProvider _time;
    private long _measuredAt = long.MinValue;
    private volatile Sample? _last;

    public OutboxMetrics(TimeProvider time)
    {
        _time = time;
        _published = DurableTelemetry.Meter.CreateCounter<long>("outbox.published", "{message}", "Messages the broker has acknowledged");
        _parked = DurableTelemetry.Meter.CreateCounter<long>("outbox.parked", "{message}", "Messages the broker will never take");
        DurableTelemetry.Meter.CreateObservableGauge("outbox.pending", () => Observe(sample => (double)sample.Pending), "{message}", "Messages not acknowledged yet");
        DurableTelemetry.Meter.CreateObservableGauge("outbox.oldest.age", () => Observe(sample => sample.OldestSeconds), "s", "Age of the oldest message not acknowledged yet");
    }

    /// <summary>Whether it is time to look at the table again.</summary>
    public bool IsDue => _measuredAt == long.MinValue || _time.GetElapsedTime(_measuredAt) >= Interval;

    public void Measured(long pending, double oldestSeconds)
    {
        _measuredAt = _time.GetTimestamp();
        _last = new Sample(pending, oldestSeconds, _measuredAt);
    }

    public void Forget() => _last = null;

    public void Published(int count) => _published.Add(count);

    public void Parked() => _parked.Add(1);

    private IEnumerable<Measurement<double>> Observe(Func<Sample, double> value) =>
        _last is { } sample ? [new Measurement<double>(value(sample))] : [];

    private sealed record Sample(long Pending, double OldestSeconds, long TakenAt);
}
