using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Policies;

/// <summary>Counts changes of policies, on the meter of <see cref="ResilienceMetrics"/>. Thread-safe.</summary>
internal sealed class PolicyMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _reloads;
    private readonly Counter<long> _problems;

    public PolicyMetrics(IMeterFactory? meters, Func<Acknowledgement> status)
    {
        _meter = meters?.Create(ResilienceMetrics.Name) ?? new Meter(ResilienceMetrics.Name);
        _reloads = _meter.CreateCounter<long>("resilience.policies.reload.count", "{reload}", "Changes of policies seen, by what became of them: applied or refused.");
        _problems = _meter.CreateCounter<long>("resilience.policies.store.problem.count", "{problem}", "Times that the store of the policies was found away or refusing, by why.");
        _meter.CreateObservableGauge("resilience.policies.revision", () => status().Revision, "{revision}", "Revision of the policies in force.");
        _meter.CreateObservableGauge(
            "resilience.policies.refused", () => status().RefusedRevision is null ? 0 : 1, "{revision}", "1 while the store holds policies that this instance has refused.");
        _meter.CreateObservableGauge("resilience.policies.store.away", () => status().StoreProblem is null ? 0 : 1, "{store}", "1 while the store cannot be read.");
    }

    public void Reloaded(bool applied) => _reloads.Add(1, KeyValuePair.Create<string, object?>("result", applied ? "applied" : "refused"));

    public void Problem(PolicyStoreFailure failure) => _problems.Add(1, KeyValuePair.Create<string, object?>("error.type", failure.ToString()));

    public void Dispose() => _meter.Dispose();
}
