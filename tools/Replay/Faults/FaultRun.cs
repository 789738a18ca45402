using System.Collections.Concurrent;
using Replay.Reporting;

namespace Replay.Faults;

/// <summary>
/// Carries a plan out. The faults of one target follow each other, each when the last one is over, however long a restart takes; those of
/// different targets overlap, one killed and one paused at a time at most, and orders flow between two kills: a shop that never sells proves nothing. For one caller; <see cref="Outcomes"/> may be read when <see cref="RunAsync"/> is over, however it ended.
/// </summary>
internal sealed class FaultRun(FaultPlan plan, IVictims victims, TimeProvider time)
{
    /// <summary>A process that has not come back by then will not.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>From the end of one kill, when all of the killed are back, to the next.</summary>
    public static readonly TimeSpan Breather = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<FaultOutcome> _outcomes = new();

    /// <summary>The plan.</summary>
    public FaultPlan Plan => plan;

    /// <summary>What was done so far, in the order in which it was over.</summary>
    public IReadOnlyCollection<FaultOutcome> Outcomes => _outcomes;

    /// <summary>Does all faults; the clock of the plan starts now. Returns when every target is back.</summary>
    public async Task RunAsync(IProgressBoard board, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var stage = board.Begin("Faults", plan.Faults.Count);
        var (kill, pause, killedUntil) = (Task.CompletedTask, Task.CompletedTask, (long?)null);
        var latest = new Dictionary<FaultTarget, Task>();
        try
        {
            foreach (var fault in plan.Faults)
            {
                await DelayAsync(fault.At - time.GetElapsedTime(start), cancellationToken);
                await latest.GetValueOrDefault(fault.Target, Task.CompletedTask);
                if (fault.Kind == FaultKind.Kill)
                {
                    await kill;
                    await DelayAsync(killedUntil is { } over ? Breather - time.GetElapsedTime(over) : TimeSpan.Zero, cancellationToken);
                    latest[fault.Target] = kill = HitAsync(fault);
                }
                else
                {
                    await pause;
                    latest[fault.Target] = pause = HitAsync(fault);
                }
            }
        }
        finally
        {
            await Task.WhenAll(latest.Values);
        }

        async Task HitAsync(Fault fault)
        {
            _outcomes.Enqueue(await DoAsync(fault, text => board.Say($"{time.GetElapsedTime(start).TotalSeconds,6:0.0} s  {text}"), cancellationToken));
            killedUntil = fault.Kind == FaultKind.Kill ? time.GetTimestamp() : killedUntil;
            stage.Advance();
        }
    }

    private async Task<FaultOutcome> DoAsync(Fault fault, Action<string> say, CancellationToken cancellationToken)
    {
        var name = fault.Target.Name;
        if (await FindAsync(fault.Target, _ => true, cancellationToken) is not { } victim)
        {
            return Failed(done: false, TimeSpan.Zero, $"{name} was to be hit and did not run for {Patience.TotalSeconds:0} s");
        }

        var begun = time.GetTimestamp();
        if (fault.Kind == FaultKind.Pause)
        {
            say($"{name} paused for {fault.Length.TotalSeconds:0.0} s");
            using (victims.Pause(victim))
            {
                await DelayAsync(fault.Length, cancellationToken);
            }

            return new FaultOutcome(fault, Done: true, time.GetElapsedTime(begun), null);
        }

        say($"{name} killed");
        victims.Kill(victim);
        var next = await FindAsync(fault.Target, found => found.ProcessId != victim.ProcessId && found.IsHealthy, cancellationToken);
        var away = time.GetElapsedTime(begun);
        if (next is null)
        {
            return Failed(done: true, away, $"{name} was killed and is not healthy again after {away.TotalSeconds:0} s");
        }

        say($"{name} back after {away.TotalSeconds:0.0} s");
        return new FaultOutcome(fault, Done: true, away, null);

        FaultOutcome Failed(bool done, TimeSpan gone, string problem)
        {
            say(problem);
            return new FaultOutcome(fault, done, gone, problem);
        }
    }

    private async Task<Victim?> FindAsync(FaultTarget target, Func<Victim, bool> right, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            if (victims.Find(target) is { } victim && right(victim))
            {
                return victim;
            }

            if (time.GetElapsedTime(start) >= Patience)
            {
                return null;
            }

            await DelayAsync(Look, cancellationToken);
        }
    }

    private Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, time, cancellationToken) : Task.CompletedTask;
}
