using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Degradation;

/// <summary>How far the services are degraded.</summary>
/// <param name="Problem">Why it may be out of date; null while all is well.</param>
/// <param name="Services">A service each, by name.</param>
/// <param name="Prometheus">Where the signals of the whole fleet are from, and what was decided by them.</param>
internal sealed record FleetView(string? Problem, IReadOnlyList<FleetLevelView> Services, FleetSourceView Prometheus)
{
    public static FleetView Of(FleetState fleet, FleetRecord record, PolicyDocument document)
    {
        var said = fleet.Current;
        return new FleetView(
            fleet.Problem,
            [
                .. document.Services.Union(said.Keys).Order(StringComparer.Ordinal).Select(service => FleetLevelView.Of(service, said.GetValueOrDefault(service)) with
                {
                    Signals = record.Of(service) is { } reading ? FleetSignalsView.Of(reading, document.DegradationOf(service)) : null,
                }),
            ],
            FleetSourceView.Of(record));
    }
}

/// <summary>Where the signals of the whole fleet are from.</summary>
/// <param name="Address">Address of Prometheus; null when there is none.</param>
/// <param name="Problem">Why nothing is decided by it; null while all is well.</param>
/// <param name="Decisions">The last decisions, the newest first.</param>
internal sealed record FleetSourceView(Uri? Address, string? Problem, IReadOnlyList<FleetDecision> Decisions)
{
    public static FleetSourceView Of(FleetRecord record) => record.Source is { } address
        ? new FleetSourceView(address, record.Problem, record.Decisions)
        : new FleetSourceView(null, "There is no connection string 'prometheus': services degrade by the signals of their instances alone", []);
}

/// <summary>What is known of all instances of a service.</summary>
/// <param name="Problem">Why nothing is known; null where it is.</param>
/// <param name="IsEvidence">Whether anything may be decided on it: not while its windows still hold another way of serving than the present one.</param>
/// <param name="All">The signals.</param>
internal sealed record FleetSignalsView(string? Problem, bool IsEvidence, IReadOnlyList<FleetSignalView> All)
{
    public static FleetSignalsView Of(FleetReading reading, DegradationPolicy policy) => new(reading.Problem, reading.IsSteady, FleetSignalView.Of(reading, policy));
}

/// <summary>How far one service is degraded: normal where nobody says anything.</summary>
internal sealed record FleetLevelView(string Service, string Level, double NormalShare, bool IsForced, string? Reason, string? By, DateTimeOffset? Since)
{
    /// <summary>What is known of all its instances; null where nobody asks.</summary>
    public FleetSignalsView? Signals { get; init; }

    public static FleetLevelView Of(string service, FleetDegradation? said) => said is null
        ? new FleetLevelView(service, DegradationLevel.Normal.ToName(), 1, IsForced: false, Reason: null, By: null, Since: null)
        : new FleetLevelView(service, said.Level.ToName(), said.NormalShare, said.IsForced, said.Reason, said.By, said.Since);
}
