using ResilientShop.Resilience;

namespace ResilientShop.Operations.Releasing;

/// <summary>Where the gate learns how the releases of a service do.</summary>
internal interface IReleaseMetrics
{
    /// <summary>What is known of both releases' calls within the last so much time. Never throws for what it cannot learn: that is missing evidence, with its reason.</summary>
    /// <param name="service">The service.</param>
    /// <param name="time">How far back.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<ReleaseEvidence> ReadAsync(string service, TimeSpan time, CancellationToken cancellationToken);
}
