namespace Replay.Faults;

/// <summary>How many kills, and the seed of their plan. <paramref name="Command"/> plans them again.</summary>
internal sealed record FaultSettings(int Kills, int Seed, string Command);
