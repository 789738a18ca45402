namespace Replay.Faults;

/// <summary>
/// What goes wrong during a replay, and when: a function of the seed, the number of kills and the length of the replay, and of nothing else. The
/// replay is cut into as many equal slots as there are faults; each has one, at a random moment. With at least as many faults as targets every
/// target is hit, and no target is hit again before it had time to get over the last one.
/// </summary>
internal sealed record FaultPlan(int Seed, TimeSpan Replay, IReadOnlyList<Fault> Faults)
{
    /// <summary>Orders flow undisturbed for so long at the beginning.</summary>
    public static TimeSpan Lead { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Faults are at least so far apart on average. With fewer, nothing would be up long enough to be worth killing.</summary>
    public static TimeSpan Spacing { get; } = TimeSpan.FromSeconds(5);

    /// <summary>No fault begins so near to the end: the shop recovers under load.</summary>
    public static TimeSpan Calm { get; } = TimeSpan.FromSeconds(12);

    /// <summary>Shortest pause.</summary>
    public static TimeSpan ShortestPause { get; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause: a quarter of all are longer than a saga's lease of 5 s, so that owners come back to find that they own nothing.</summary>
    public static TimeSpan LongestPause { get; } = TimeSpan.FromSeconds(6.5);

    /// <summary>Time that a killed process is given to come back before the plan hits it again.</summary>
    public static TimeSpan Restart { get; } = TimeSpan.FromSeconds(7);

    /// <summary>How many pauses come with so many kills: one with every two.</summary>
    public static int PausesWith(int kills) => (kills + 1) / 2;

    /// <summary>The shortest replay that has room for <paramref name="kills"/> and their pauses.</summary>
    public static TimeSpan ShortestReplay(int kills) => Lead + ((kills + PausesWith(kills)) * Spacing) + Calm;

    /// <summary>Makes the plan.</summary>
    /// <param name="seed">The same seed makes the same plan.</param>
    /// <param name="kills">How many processes are killed, at least 1; pauses come in addition (<see cref="PausesWith"/>).</param>
    /// <param name="replay">How long the replay takes when all goes well, at least <see cref="ShortestReplay"/>.</param>
    public static FaultPlan Create(int seed, int kills, TimeSpan replay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kills, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(replay, ShortestReplay(kills));
        var random = new Random(seed);
        var kinds = Enumerable.Repeat(FaultKind.Kill, kills).Concat(Enumerable.Repeat(FaultKind.Pause, PausesWith(kills))).ToArray();
        random.Shuffle(kinds);
        var slot = (replay - Lead - Calm) / kinds.Length;
        var busyUntil = FaultTarget.All.ToDictionary(target => target, _ => TimeSpan.Zero);
        var unhit = FaultTarget.All.ToList();
        var faults = new List<Fault>(kinds.Length);
        for (var index = 0; index < kinds.Length; index++)
        {
            var at = Lead + (slot * (index + random.NextDouble()));
            var candidates = Candidates(kinds.AsSpan(index), unhit, target => busyUntil[target] <= at);
            var target = candidates[random.Next(candidates.Length)];
            var fault = new Fault(target, kinds[index], at, kinds[index] == FaultKind.Pause ? Length(random) : TimeSpan.Zero);
            busyUntil[target] = at + (fault.Kind == FaultKind.Kill ? Restart : fault.Length);
            unhit.Remove(target);
            faults.Add(fault);
        }

        return new FaultPlan(seed, replay, faults);
    }

    /// <summary>Who may be hit next. Who was never hit is not busy, and gets the last faults there are.</summary>
    private static FaultTarget[] Candidates(ReadOnlySpan<FaultKind> left, List<FaultTarget> unhit, Func<FaultTarget, bool> isFree)
    {
        FaultTarget[] onlyPaused = [.. unhit.Where(target => !target.MayDie)];
        if (left[0] == FaultKind.Pause && onlyPaused.Length > 0 && left.Count(FaultKind.Pause) <= onlyPaused.Length)
        {
            return onlyPaused;
        }

        var pauses = left[0] == FaultKind.Pause;
        FaultTarget[] others = [.. unhit.Where(target => target.MayDie)];
        return left.Length - onlyPaused.Length <= others.Length && others.Length > 0
            ? others

            // At most two of the slots before this one are nearer than the longest fault, and five targets may die.
            : [.. FaultTarget.All.Where(target => isFree(target) && (pauses || target.MayDie))];
    }

    private static TimeSpan Length(Random random) => ShortestPause + (random.NextDouble() * (LongestPause - ShortestPause));
}
