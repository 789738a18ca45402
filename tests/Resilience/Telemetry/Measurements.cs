using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Resilience.Tests.Telemetry;

/// <summary>One number that was recorded, with its labels.</summary>
internal sealed record Measured(string Instrument, double Value, IReadOnlyDictionary<string, object?> Labels);

/// <summary>Gives meters and keeps what they record; tests that run at the same time do not see each other's.</summary>
internal sealed class Measurements : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Measured> _all = new();
    private readonly ConcurrentBag<Meter> _meters = [];

    public Measurements()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, this))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, labels, _) => Keep(instrument, value, labels));
        _listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => Keep(instrument, value, labels));
        _listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) => Keep(instrument, value, labels));
        _listener.Start();
    }

    public IReadOnlyList<Measured> Of(string instrument) => [.. _all.Where(one => one.Instrument == instrument)];

    public double Sum(string instrument) => Of(instrument).Sum(one => one.Value);

    /// <summary>What the gauges read now.</summary>
    public IReadOnlyList<Measured> Observe(string instrument)
    {
        _all.Clear();
        _listener.RecordObservableInstruments();
        return Of(instrument);
    }

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var meter in _meters)
        {
            meter.Dispose();
        }
    }

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels) =>
        _all.Enqueue(new Measured(instrument.Name, value, labels.ToArray().ToDictionary()));
}
