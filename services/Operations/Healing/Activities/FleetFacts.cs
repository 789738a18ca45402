using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>How far services are degraded, and who calls whom; nothing where instances tell each other nothing. Thread-safe.</summary>
internal sealed class FleetFacts(IServiceProvider services)
{
    private readonly FleetState? _fleet = services.GetService<FleetState>();
    private readonly DependencyRegistry _policies = services.GetRequiredService<DependencyRegistry>();

    /// <summary>A service and what it calls, by the topology of the policies.</summary>
    public IReadOnlySet<string> AroundOf(string service) =>
        _policies.Current.Document.Topology.TryGetValue(service, out var topology) ? topology.AllCalls.Append(service).ToHashSet(StringComparer.Ordinal) : new HashSet<string> { service };

    /// <summary>A sentence for each of them that is not normal.</summary>
    public IEnumerable<string> LevelsOf(string service)
    {
        var levels = _fleet?.Current ?? new Dictionary<string, FleetDegradation>();
        return AroundOf(service).Order(StringComparer.Ordinal).Where(one => levels.TryGetValue(one, out var said) && said.Level != DegradationLevel.Normal)
            .Select(one => $"{one} is {levels[one].Level.ToName()}: {levels[one].Reason}");
    }
}
