using ResilientShop.Resilience;

namespace ResilientShop.Operations.Degradation;

/// <summary>What Prometheus knows of a service in all its instances at one moment. Immutable.</summary>
/// <param name="Signals">The signals, failures over one minute and latencies over two; all empty where there is a problem.</param>
/// <param name="P99">P99 in seconds, by the buckets; null without requests.</param>
/// <param name="ErrorRatio">Share of failed requests; null without requests.</param>
/// <param name="IsSteady">Whether all of it is of one way of serving. Otherwise it tells nothing of the present one: what happened before a recovery is not what happens after it.</param>
/// <param name="Problem">Why nothing is known; null where it is.</param>
internal sealed record FleetReading(SignalReading Signals, double? P99, double? ErrorRatio, bool IsSteady, string? Problem = null)
{
    /// <summary>What may be decided on.</summary>
    public SignalReading Evidence => IsSteady ? Signals : default;

    /// <summary>Nothing is known.</summary>
    public static FleetReading Unknown(string problem) => new(default, null, null, IsSteady: false, problem);
}
