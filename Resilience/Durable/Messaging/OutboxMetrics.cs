using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// What the outbox reports. Every instance measures the table it shares with the others, whether it relays or not, so that the gauges speak
/// exactly when nobody relays; over instances take their maximum, not their sum. Thread-safe.
/// </summary>
internal sealed class OutboxMetrics
{
    private readonly Counter<long> _published;
    private readonly Counter<long> _parked;
    private readonly TimeProvider _time;
    private volatile Sample? _last;

    public OutboxMetrics(TimeProvider time)
        : this(time, DurableTelemetry.Meter)
    {
    }

    internal OutboxMetrics(TimeProvider time, Meter meter)
    {
        _time = time;
        _published = meter.CreateCounter<long>("outbox.published", "{message}", "Messages the broker has acknowledged");
        _parked = meter.CreateCounter<long>("outbox.parked", "{message}", "Messages the broker will never take");
        meter.CreateObservableGauge("outbox.pending", () => Observe(sample => sample.Size.Pending), "{message}", "Messages not acknowledged yet");
        meter.CreateObservableGauge("outbox.oldest.age", () => Observe(AgeOf), "s", "Age of the oldest message not acknowledged yet");
        meter.CreateObservableGauge(
            "outbox.parked.rows", () => Observe(sample => sample.Size.Parked), "{message}", "Parked messages that lie in the table until a person decides");
    }

    /// <summary>
    /// Age of the oldest message that waits, as of now: it grows between two measurements, and when the database cannot be asked. Zero when none waits.
    /// </summary>
    public TimeSpan OldestAge => _last is { } sample ? TimeSpan.FromSeconds(AgeOf(sample)) : TimeSpan.Zero;

    /// <summary>Messages that wait, as of the last measurement.</summary>
    public long Pending => _last?.Size.Pending ?? 0;

    public void Measured(OutboxSize size) => _last = new Sample(size, _time.GetTimestamp());

    public void Published(int count) => _published.Add(count);

    public void Parked() => _parked.Add(1);

    // By the database's clock up to the measurement and by a monotonic one from there: no difference between two clocks gets in.
    private double AgeOf(Sample sample) =>
        sample.Size.Pending == 0 ? 0 : (sample.Size.OldestAge + _time.GetElapsedTime(sample.TakenAt)).TotalSeconds;

    private IEnumerable<Measurement<double>> Observe(Func<Sample, double> value) =>
        _last is { } sample ? [new Measurement<double>(value(sample))] : [];

    private sealed record Sample(OutboxSize Size, long TakenAt);
}
