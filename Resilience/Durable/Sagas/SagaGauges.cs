using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>How many sagas have not ended. Every instance reports the whole table: take the maximum of them, not the sum. Thread-safe.</summary>
internal sealed class SagaGauges : IDisposable
{
    private readonly Meter _meter = new(DurableTelemetry.Name);
    private volatile IReadOnlyList<SagaCounts> _last = [];

    public SagaGauges(SagaDefinitions definitions)
    {
        // A gauge that is there while all is well can be told from one that is missing.
        _last = [.. definitions.All.Select(definition => definition.Name).Distinct().Select(name => new SagaCounts(name, 0, 0, 0, 0))];
        Observe("saga.unfinished", "Sagas that have not ended", counts => counts.Unfinished);
        Observe("saga.overdue", "Unfinished sagas that are older than they should be", counts => counts.Overdue);
        Observe("saga.waiting_for_operator", "Sagas of which a step or compensation keeps failing", counts => counts.Stuck);
        Observe("saga.held", "Sagas that wait for the cause of a failure to be healed", counts => counts.Held);
    }

    public void Measured(IReadOnlyList<SagaCounts> counts) =>
        _last = [.. counts, .. _last.Where(last => counts.All(now => now.Definition != last.Definition)).Select(last => new SagaCounts(last.Definition, 0, 0, 0, 0))];

    public void Dispose() => _meter.Dispose();

    private void Observe(string name, string description, Func<SagaCounts, long> value) => _meter.CreateObservableGauge(
        name,
        () => _last.Select(counts => new Measurement<long>(value(counts), new KeyValuePair<string, object?>("saga.name", counts.Definition))),
        "{saga}",
        description);
}
