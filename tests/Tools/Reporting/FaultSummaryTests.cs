using System.Text.Json;

namespace Tools.Tests.Reporting;

public sealed class FaultSummaryTests
{
    private static readonly FaultPlan Plan = FaultPlan.Create(7, 4, FaultPlan.ShortestReplay(4));

    [Fact]
    public void Faults_are_counted_by_target_and_the_longest_absence_is_kept()
    {
        var orders = FaultTarget.All[0];
        var summary = FaultSummary.Of(
            Plan,
            [
                Outcome(orders, FaultKind.Kill, away: 3), Outcome(orders, FaultKind.Kill, away: 9), Outcome(orders, FaultKind.Pause, away: 1),
                Outcome(FaultTarget.Broker, FaultKind.Pause, away: 2), Outcome(FaultTarget.Database, FaultKind.Kill, away: 0) with { Done = false, Problem = "was not there" },
            ],
            "the command");

        (summary.Seed, summary.Planned, summary.Done, summary.Kills, summary.Pauses, summary.Command).ShouldBe((7, 6, 4, 2, 2, "the command"));
        summary.Targets.Keys.ShouldBe(FaultTarget.All.Select(target => target.Name));
        summary.Targets["orders-1"].ShouldBe(new TargetFaults(2, 1, 9000));
        summary.Targets["broker"].ShouldBe(new TargetFaults(0, 1, 2000));
        summary.Targets["postgres"].ShouldBe(new TargetFaults(0, 0, 0));
    }

    [Fact]
    public void A_run_that_fails_says_how_to_plan_the_same_faults_again()
    {
        Print(balanced: false).ShouldContain("the same faults again   the command");
        Print(balanced: true).ShouldNotContain("the same faults again");
    }

    [Fact]
    public void The_last_line_has_faults_and_shop()
    {
        var json = JsonDocument.Parse(Print(balanced: true).TrimEnd().Split('\n')[^1]).RootElement;

        json.GetProperty("faults").GetProperty("seed").GetInt32().ShouldBe(7);
        json.GetProperty("faults").GetProperty("targets").GetProperty("orders-2").GetProperty("kills").GetInt32().ShouldBe(0);
        json.GetProperty("shop").GetProperty("outboxPending").GetInt64().ShouldBe(0);
        json.GetProperty("shop").TryGetProperty("sagasResumed", out _).ShouldBeFalse("nobody told");
    }

    private static FaultOutcome Outcome(FaultTarget target, FaultKind kind, double away) =>
        new(new Fault(target, kind, TimeSpan.Zero, TimeSpan.Zero), Done: true, TimeSpan.FromSeconds(away), null);

    private static string Print(bool balanced)
    {
        using var output = new StringWriter();
        var summary = SummaryBuilder.Build("run", null, null, new CallCounts(), null, [], interrupted: false, skus: 0) with
        {
            Balanced = balanced,
            Shop = new ShopSummary(0, 3, null),
            Faults = FaultSummary.Of(Plan, [], "the command"),
        };
        SummaryPrinter.Print(output, summary, [], shown: 5);
        return output.ToString();
    }
}
