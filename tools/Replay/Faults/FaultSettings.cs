namespace ResilientShop.Replay.Faults;

/// <summary>How many faults, and the seed of their plan. <paramref name="Command"/> plans them again.</summary>
internal sealed record FaultSettings(int Count, int Seed, string Command);
