namespace Replay.Load;

/// <summary>What became of one cancellation request.</summary>
internal sealed class CancellationRun(PlannedCancellation cancellation)
{
    /// <summary>The cancellation as planned.</summary>
    public PlannedCancellation Cancellation => cancellation;

    /// <summary>True when the shop took the request.</summary>
    public bool Accepted { get; set; }

    /// <summary>What happened, for people; null when it was not sent.</summary>
    public string? Outcome { get; set; }

    /// <summary>True when it was sent and the shop refused it or did not answer.</summary>
    public bool Failed { get; set; }
}
