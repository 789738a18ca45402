using ResilientShop.Resilience;

namespace ResilientShop.ServiceDefaults.Operating;

/// <summary>How far a service is degraded, in this instance, and what that comes from.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Level">The level that holds.</param>
/// <param name="NormalShare">Share of the requests that are served as always.</param>
/// <param name="Own">What this instance's own signals say.</param>
/// <param name="Fleet">What somebody says for all instances; null when nobody does.</param>
/// <param name="Signals">The signals now, each with its limit.</param>
/// <param name="Endpoints">The endpoints whose requests they come from.</param>
/// <param name="Changes">The last changes, the newest first.</param>
internal sealed record DegradationView(
    string Service,
    string Level,
    double NormalShare,
    OwnLevelView Own,
    FleetDegradation? Fleet,
    SignalsView Signals,
    IReadOnlyDictionary<string, WindowView> Endpoints,
    IReadOnlyList<DegradationChangeView> Changes)
{
    public static DegradationView Of(ServiceDegradation service)
    {
        var position = service.Current;
        return new DegradationView(
            service.Service,
            position.Level.ToName(),
            position.NormalShare,
            new OwnLevelView(position.State.Level.ToName(), position.State.IsRecovering, position.State.IsForced),
            position.Fleet,
            SignalsView.Of(service.Reading, position.Policy),
            service.Endpoints.OrderBy(endpoint => endpoint.Key, StringComparer.Ordinal).ToDictionary(endpoint => endpoint.Key, endpoint => WindowView.Of(endpoint.Value)),
            [.. service.Changes.Reverse().Select(DegradationChangeView.Of)]);
    }
}

/// <summary>What an instance's own signals say.</summary>
/// <param name="Level">The level.</param>
/// <param name="IsRecovering">Whether it comes back in steps.</param>
/// <param name="IsForced">Whether an operator holds it in this instance.</param>
internal sealed record OwnLevelView(string Level, bool IsRecovering, bool IsForced);

/// <summary>Signals and their limits. Times in milliseconds; null where too little is known.</summary>
internal sealed record SignalsView(
    long Requests, double P99Ms, double P99LimitMs, double? ErrorRatio, double ErrorLimit, double? Rate, double? Slope, double SlopeLimit)
{
    public static SignalsView Of(SignalReading reading, DegradationPolicy policy) => new(
        reading.All.Requests,
        reading.All.P99.TotalMilliseconds,
        policy.P99Limit.TotalMilliseconds,
        reading.All.Requests > 0 ? reading.All.ErrorRatio : null,
        policy.ErrorLimit,
        reading.Rate,
        reading.Slope,
        policy.SlopeLimit);
}

/// <summary>What one endpoint's window holds.</summary>
internal sealed record WindowView(long Requests, long Failures, long Slow, double P99Ms)
{
    public static WindowView Of(WindowReading window) => new(window.Requests, window.Failures, window.Slow, window.P99.TotalMilliseconds);
}

/// <summary>A change, and why.</summary>
internal sealed record DegradationChangeView(DateTimeOffset At, string From, string To, double NormalShare, string Reason, SignalsView? Signals)
{
    public static DegradationChangeView Of(DegradationChange change) => new(
        change.At,
        change.From.Level.ToName(),
        change.To.Level.ToName(),
        change.To.NormalShare,
        change.Reason,
        change.Decision is { } decision ? SignalsView.Of(decision.Reading, change.To.Policy) : null);
}
