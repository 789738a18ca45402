namespace Replay.Faults;

/// <summary>
/// What became of a planned fault. <paramref name="Away"/> is how long the target was not there: until it was healthy again after a kill, or the pause.
/// <paramref name="Problem"/> says what did not go as it has to: the process was not there to be hit, or did not come back.
/// </summary>
internal sealed record FaultOutcome(Fault Fault, bool Done, TimeSpan Away, string? Problem);
