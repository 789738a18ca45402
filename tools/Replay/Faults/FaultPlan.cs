namespace ResilientShop.Replay.Faults;

/// <summary>
/// What goes wrong during a replay, and when: a function of the seed, the number of faults and the length of the replay, and of nothing else. The
/// replay is cut into as many equal slots as there are faults; each has one, at a random moment. With at least as many faults as targets every
/// target is hit, and no target is hit again before it had time to get over the last one.
/// </summary>
internal sealed record FaultPlan(int Seed, TimeSpan Replay, IReadOnlyList<Fault> Faults)
{
    /// <summary>Orders flow undisturbed for so long at the beginning.</summary>
    public static TimeSpan Lead { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Faults are at least so far apart on average. With fewer, nothing would be up long enough to be worth killing.</summary>
    public static TimeSpan Spacing { get; } = TimeSpan.FromSeconds(3);

    /// <summary>No fault begins so near to the end: the shop recovers under load.</summary>
    public static TimeSpan Calm { get; } = TimeSpan.FromSeconds(12);

    /// <summary>Shortest pause.</summary>
    public static TimeSpan ShortestPause { get; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause: a quarter of all are longer than a saga's lease of 5 s, so that owners come back to find that they own nothing.</summary>
    public static TimeSpan LongestPause { get; } = TimeSpan.FromSeconds(6.5);

    /// <summary>Time that a killed process is given to come back before the plan hits it again.</summary>
    public static TimeSpan Restart { get; } = TimeSpan.FromSeconds(7);

    /// <summary>The shortest replay that has room for <paramref name="count"/> faults.</summary>
    public static TimeSpan ShortestReplay(int count) => Lead + (count * Spacing) + Calm;

    /// <summary>Makes the plan.</summary>
    /// <param name="seed">The same seed makes the same plan.</param>
    /// <param name="count">How many faults, at least 1.</param>
    /// <param name="replay">How long the replay takes when all goes well, at least <see cref="ShortestReplay"/>.</param>
    public static FaultPlan Create(int seed, int count, TimeSpan replay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(replay, ShortestReplay(count));
        var random = new Random(seed);
        var slot = (replay - Lead - Calm) / count;
        var busyUntil = FaultTarget.All.ToDictionary(target => target, _ => TimeSpan.Zero);
        var unhit = FaultTarget.All.ToList();
        var faults = new List<Fault>(count);
        for (var index = 0; index < count; index++)
        {
            var at = Lead + (slot * (index + random.NextDouble()));

            // Who was never hit is free. Otherwise at most three of the slots before this one are nearer than the longest fault, and there are six targets.
            var candidates = count - index <= unhit.Count ? unhit : [.. FaultTarget.All.Where(target => busyUntil[target] <= at)];
            var target = candidates[random.Next(candidates.Count)];
            var fault = Draw(target, at, random);
            busyUntil[target] = at + (fault.Kind == FaultKind.Kill ? Restart : fault.Length);
            unhit.Remove(target);
            faults.Add(fault);
        }

        return new FaultPlan(seed, replay, faults);
    }

    private static Fault Draw(FaultTarget target, TimeSpan at, Random random)
    {
        var kind = target.MayDie && random.Next(2) == 0 ? FaultKind.Kill : FaultKind.Pause;
        var length = ShortestPause + (random.NextDouble() * (LongestPause - ShortestPause));
        return new Fault(target, kind, at, kind == FaultKind.Pause ? length : TimeSpan.Zero);
    }
}
