using ResilientShop.Resilience;

namespace ResilientShop.Operations.Degradation;

/// <summary>What was decided for all instances of a service, and on what.</summary>
/// <param name="At">When.</param>
/// <param name="Service">The service.</param>
/// <param name="From">The level before.</param>
/// <param name="To">The level after.</param>
/// <param name="NormalShare">Share of the requests that are served as always from then on.</param>
/// <param name="Reason">Why.</param>
/// <param name="Signals">The signals at that moment.</param>
internal sealed record FleetDecision(DateTimeOffset At, string Service, string From, string To, double NormalShare, string Reason, IReadOnlyList<FleetSignalView> Signals);

/// <summary>A signal of the whole fleet.</summary>
/// <param name="Signal"><c>p99</c> in seconds, <c>errors</c> as a share, <c>slope</c> in 1/s^2.</param>
/// <param name="Value">Its value; null where it is not known.</param>
/// <param name="Limit">Its limit.</param>
/// <param name="Sample">Requests that the value is of.</param>
/// <param name="IsCrossed">Whether the sample is evidence that the limit is crossed.</param>
/// <param name="Query">Where the value is from, to be asked again.</param>
internal sealed record FleetSignalView(string Signal, double? Value, double Limit, long Sample, bool IsCrossed, string Query)
{
    public static IReadOnlyList<FleetSignalView> Of(FleetReading reading, DegradationPolicy policy)
    {
        var signals = reading.Signals;
        var crossed = DegradationEngine.Crossed(reading.Evidence, policy);
        return
        [
            new("p99", reading.P99, policy.P99Limit.TotalSeconds, signals.Timed.Requests, crossed.HasFlag(Resilience.Signals.P99), SignalRules.P99),
            new("errors", reading.ErrorRatio, policy.ErrorLimit, signals.All.Requests, crossed.HasFlag(Resilience.Signals.Errors), SignalRules.ErrorRatio),
            new("slope", signals.Slope, policy.SlopeLimit, (long)Math.Round((signals.Rate ?? 0) * 300), crossed.HasFlag(Resilience.Signals.Slope), SignalRules.Slope),
        ];
    }
}
