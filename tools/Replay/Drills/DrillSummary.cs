using Replay.Load;

namespace Replay.Drills;

/// <summary>The result of a drill.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Expectations">What must be, and whether it was.</param>
/// <param name="Phases">The orders of its phases.</param>
/// <param name="Changes">How the services took it.</param>
internal sealed record DrillSummary(
    string Scenario, IReadOnlyDictionary<string, bool> Expectations, IReadOnlyList<PhaseSummary> Phases, IReadOnlyList<ChangeSummary> Changes)
{
    /// <summary>Sums up a run.</summary>
    public static DrillSummary Of(DrillRun run, IReadOnlyList<OrderRun> orders, TimeProvider time) => new(
        run.Drill.Name,
        new OrderedDictionary<string, bool>(run.Drill.Expectations.Select(expectation => KeyValuePair.Create(expectation.Text, expectation.Holds(run.Record)))),
        [.. run.Drill.Phases.Select(phase => PhaseSummary.Of(phase, orders.Where(order => IsOf(phase, time.GetElapsedTime(run.Start, order.SentAt)))))],
        [
            .. run.Record.Changes.Select(change => new ChangeSummary(
                Math.Round(change.At.TotalSeconds, 1), change.To.Instance, change.From, change.To.Level, change.To.NormalShare, change.To.Reason)),
        ]);

    private static bool IsOf(DrillPhase phase, TimeSpan sent) => sent >= phase.From && sent < phase.To;
}

/// <summary>The orders that were sent in a phase: how many, how many were confirmed in the end, how many were answered well within the 2 s of the SLA, and how long they took.</summary>
internal sealed record PhaseSummary(string Phase, int Orders, int Confirmed, int AnsweredInTime, double ConfirmedShare, LatencySummary ServiceTimeMs)
{
    private static readonly TimeSpan Sla = TimeSpan.FromSeconds(2.3);

    /// <summary>Sums up.</summary>
    public static PhaseSummary Of(DrillPhase phase, IEnumerable<OrderRun> sent)
    {
        var orders = sent.ToList();
        var confirmed = orders.Count(order => order.Status == OrderStatus.Confirmed);
        return new PhaseSummary(
            phase.Name,
            orders.Count,
            confirmed,
            orders.Count(order => order.Answer?.Status is 201 or 202 && order.Latency <= Sla),
            orders.Count == 0 ? 0 : Math.Round((double)confirmed / orders.Count, 4),
            LatencySummary.Of(orders.Select(order => order.ServiceTime).OfType<TimeSpan>()));
    }
}

/// <summary>An instance that changed its level or share.</summary>
internal sealed record ChangeSummary(double AtSeconds, string Instance, string From, string To, double NormalShare, string Reason);
