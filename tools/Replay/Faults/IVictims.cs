namespace Replay.Faults;

/// <summary>The processes that faults are done to. Thread-safe.</summary>
internal interface IVictims
{
    /// <summary>What the target runs as now; null while nothing runs.</summary>
    Victim? Find(FaultTarget target);

    /// <summary>Ends the process at once.</summary>
    void Kill(Victim victim);

    /// <summary>Stops the process, and all of its family, until the result is disposed.</summary>
    IDisposable Pause(Victim victim);
}

/// <summary>A process of the shop. <paramref name="IsHealthy"/> is what the AppHost last found.</summary>
internal sealed record Victim(FaultTarget Target, int ProcessId, bool IsHealthy);
