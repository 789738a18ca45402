using Replay.Faults;
using Replay.OwnShop;

namespace Replay.Reporting;

/// <summary>
/// The faults of a run. <paramref name="Done"/> counts those that were carried out, of <paramref name="Planned"/>; <paramref name="Command"/> plans the
/// same ones again.
/// </summary>
internal sealed record FaultSummary(
    int Seed, int Planned, int Done, int Kills, int Pauses, IReadOnlyDictionary<string, TargetFaults> Targets, string Command)
{
    /// <summary>Sums up what was done.</summary>
    public static FaultSummary Of(FaultPlan plan, IReadOnlyCollection<FaultOutcome> outcomes, string command)
    {
        var done = outcomes.Where(outcome => outcome.Done).ToArray();
        return new FaultSummary(
            plan.Seed,
            plan.Faults.Count,
            done.Length,
            Count(done, FaultKind.Kill),
            Count(done, FaultKind.Pause),
            new OrderedDictionary<string, TargetFaults>(FaultTarget.All.Select(target => KeyValuePair.Create(target.Name, Of([.. done.Where(outcome => outcome.Fault.Target == target)])))),
            command);
    }

    private static TargetFaults Of(IReadOnlyCollection<FaultOutcome> done) => new(
        Count(done, FaultKind.Kill), Count(done, FaultKind.Pause), done.Select(outcome => outcome.Away).DefaultIfEmpty().Max().Milliseconds());

    private static int Count(IEnumerable<FaultOutcome> outcomes, FaultKind kind) => outcomes.Count(outcome => outcome.Fault.Kind == kind);
}

/// <summary>What one target suffered, and the longest time that it was away: a pause, or a kill until it was healthy again.</summary>
internal sealed record TargetFaults(int Kills, int Pauses, double LongestAwayMs);

/// <summary>What only a shop of the tool's own can be asked: see the rules <c>outbox-drained</c> and <c>announced-once</c>.</summary>
/// <param name="OutboxPending">Messages left in the outbox; none when nobody told.</param>
/// <param name="Events">Events that reached Operations.</param>
/// <param name="SagasResumed">Sagas resumed from the table after a crash, a lost lease or a long wait: at least so many; none without Prometheus.</param>
internal sealed record ShopSummary(long? OutboxPending, long? Events, long? SagasResumed)
{
    /// <summary>Sums up what was found.</summary>
    public static ShopSummary Of(ShopBooksResult books) =>
        new(books.OutboxPending, books.Events is { } events ? events.Placed + events.Confirmed + events.Cancelled : null, books.SagasResumed);
}
