using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>The label <c>outcome</c> of every count of one service, in order. Thread-safe.</summary>
internal sealed class CountedOutcomes : IDisposable
{
    private readonly ConcurrentQueue<string?> _outcomes = new();
    private readonly MeterListener _listener;

    public CountedOutcomes(IMeterFactory meters)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument is { Name: "idempotency.request.count", Meter: { Name: DurableTelemetry.Name, Scope: var scope } } && scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _outcomes.Enqueue(tags[0].Value?.ToString()));
        _listener.Start();
    }

    public IReadOnlyCollection<string?> InOrder => _outcomes;

    public void Dispose() => _listener.Dispose();
}
