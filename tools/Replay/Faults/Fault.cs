namespace Replay.Faults;

/// <summary>What is done to a process.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL. The AppHost starts the process again.</summary>
    Kill,

    /// <summary>SIGSTOP, and SIGCONT after a while. The process then goes on as if no time had passed.</summary>
    Pause,
}

/// <summary>
/// One thing that goes wrong, <paramref name="At"/> after the first order is due. <paramref name="Length"/> is how long a pause lasts; a kill lasts as
/// long as the restart takes, and has zero here.
/// </summary>
internal sealed record Fault(FaultTarget Target, FaultKind Kind, TimeSpan At, TimeSpan Length);
