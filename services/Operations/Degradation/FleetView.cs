using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Degradation;

/// <summary>How far the services are degraded.</summary>
/// <param name="Problem">Why it may be out of date; null while all is well.</param>
/// <param name="Services">A service each, by name.</param>
internal sealed record FleetView(string? Problem, IReadOnlyList<FleetLevelView> Services)
{
    public static FleetView Of(FleetState fleet, PolicyDocument document)
    {
        var said = fleet.Current;
        return new FleetView(
            fleet.Problem,
            [.. document.Services.Union(said.Keys).Order(StringComparer.Ordinal).Select(service => FleetLevelView.Of(service, said.GetValueOrDefault(service)))]);
    }
}

/// <summary>How far one service is degraded: normal where nobody says anything.</summary>
internal sealed record FleetLevelView(string Service, string Level, double NormalShare, bool IsForced, string? Reason, string? By, DateTimeOffset? Since)
{
    public static FleetLevelView Of(string service, FleetDegradation? said) => said is null
        ? new FleetLevelView(service, DegradationLevel.Normal.ToName(), 1, IsForced: false, Reason: null, By: null, Since: null)
        : new FleetLevelView(service, said.Level.ToName(), said.NormalShare, said.IsForced, said.Reason, said.By, said.Since);
}
