using Temporalio.Api.Failure.V1;
using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Worker;

namespace Services.Tests.Operations.Temporal;

/// <summary>
/// The workflow's branches, replayed by Temporal's own worker against histories: it must give the commands that stand there, in their order, or the replay fails. A change of the
/// workflow that would break healings under way breaks these.
/// </summary>
public sealed class HealingWorkflowTests
{
    private static readonly HealingInput Input = new(new Guid("11111111-2222-3333-4444-555555555555"), null);
    private static readonly HealingLimits Limits = new(3, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));
    private static readonly Diagnosis Passing = new(Causes.Passing, "It has passed.", ["a fact"], CanReplay: true, IsAway: false, RollBack: null);
    private static readonly ReplayResult Sent = new(true, false, "It is tried again.");
    private static readonly Verification Healed = new(Verification.Healed, "The books are right.");
    private static readonly Verification FailedAgain = new(Verification.Failed, "It failed again.");
    private static readonly HealingWord Word = new("", "ann", "because");

    [Fact]
    public async Task A_cause_that_has_passed_is_healed() => await ReplayAsync(
        Try(Begun(), Healed).Activity("End", true).Completed(new HealingEnd(HealingEnd.Healed, "The books are right.", 1)));

    [Fact]
    public async Task Three_tries_with_doubling_pauses_then_a_person_whose_time_runs_out()
    {
        var history = Try(Begun(), FailedAgain).Timer(TimeSpan.FromSeconds(2));
        history = Try(history, FailedAgain).Timer(TimeSpan.FromSeconds(4));
        history = Try(history, FailedAgain).Activity("Escalate", new Escalation(true)).Timer(TimeSpan.FromMinutes(5));
        await ReplayAsync(history.Activity("End", true).Completed(new HealingEnd(HealingEnd.GaveUp, "A person was asked.", 3)));
    }

    [Fact]
    public async Task A_person_ends_a_pause()
    {
        var history = Try(Begun(), FailedAgain).TimerCutShort(TimeSpan.FromSeconds(2), "Retry", Word);
        await ReplayAsync(Try(history, Healed).Activity("End", true).Completed(new HealingEnd(HealingEnd.Healed, "The books are right.", 2)));
    }

    [Fact]
    public async Task A_word_that_is_passed_on_twice_is_heard_once()
    {
        var word = Word with { Id = 7 };
        var history = Try(Begun(), FailedAgain).TimerCutShort(TimeSpan.FromSeconds(2), "Retry", word).Signal("Retry", word);
        history = Try(history, FailedAgain).Timer(TimeSpan.FromSeconds(4));
        await ReplayAsync(Try(history, Healed).Activity("End", true).Completed(new HealingEnd(HealingEnd.Healed, "The books are right.", 3)));
    }

    [Fact]
    public async Task A_message_that_waits_to_be_sent_is_looked_at_again()
    {
        var history = Try(Begun(), new Verification(Verification.Waiting, "It waits to be sent again.")).Timer(TimeSpan.FromSeconds(5)).Activity("Verify", Healed);
        await ReplayAsync(history.Activity("End", true).Completed(new HealingEnd(HealingEnd.Healed, "The books are right.", 1)));
    }

    [Fact]
    public async Task A_person_stops_it() => await ReplayAsync(
        Try(Begun(), FailedAgain).TimerCutShort(TimeSpan.FromSeconds(2), "Abort", Word).Activity("End", true).Completed(new HealingEnd(HealingEnd.Aborted, "Aborted by ann.", 1)));

    [Fact]
    public async Task A_dependency_that_is_away_is_waited_for()
    {
        var history = Begun().Activity("Diagnose", Passing with { IsAway = true }).Activity("BeginAttempt", new AttemptPermit(true, null)).Timer(TimeSpan.FromSeconds(5)).Activity("Diagnose", Passing);
        await ReplayAsync(Respond(history).Activity("Replay", Sent).Activity("Verify", Healed).Activity("End", true).Completed(new HealingEnd(HealingEnd.Healed, "The books are right.", 1)));
    }

    [Fact]
    public async Task What_no_try_can_heal_is_left_to_a_person_at_once() => await ReplayAsync(
        Begun().Activity("Diagnose", Passing with { CanReplay = false }).Activity("Escalate", new Escalation(false)).Activity("End", true)
            .Completed(new HealingEnd(HealingEnd.GaveUp, "A person was asked.", 0)));

    [Fact]
    public async Task An_alert_that_reaches_nobody_keeps_nobody_from_healing()
    {
        var nobody = new Failure { Message = "nobody", ApplicationFailureInfo = new ApplicationFailureInfo { Type = "Exception" } };
        var history = Begun().Activity("Diagnose", Passing).Activity("BeginAttempt", new AttemptPermit(true, null)).Activities(("RollBack", "nothing"), ("Alert", nobody), ("ReportMetrics", true));
        await ReplayAsync(history.Activity("Replay", Sent).Activity("Verify", Healed).Activity("End", true).Completed(new HealingEnd(HealingEnd.Healed, "The books are right.", 1)));
    }

    [Fact]
    public async Task A_diagnosis_that_is_signalled_holds_for_the_look_that_is_under_way()
    {
        var told = Passing with { CanReplay = false, Summary = "The provider has closed the account." };
        await ReplayAsync(
            new HistoryBuilder("HealingWorkflow", HealingWorkflow.TaskQueue, [Input, Limits]).Signal("Diagnosed", told).Activity("Diagnose", Passing)
                .Activity("Escalate", new Escalation(false)).Activity("End", true).Completed(new HealingEnd(HealingEnd.GaveUp, "A person was asked.", 0)));
    }

    [Fact]
    public async Task A_workflow_that_gives_other_commands_is_found_out()
    {
        var wrong = Begun().Activity("Diagnose", Passing).Activity("Replay", Sent).Completed(new HealingEnd(HealingEnd.Healed, "", 1));

        await Should.ThrowAsync<InvalidWorkflowOperationException>(() => ReplayAsync(wrong));
    }

    [Fact]
    public void A_letter_that_comes_again_has_the_same_workflow() =>
        HealingWorkflow.IdOf(Input.LetterId).ShouldBe("healing-11111111-2222-3333-4444-555555555555");

    private static HistoryBuilder Begun() => new("HealingWorkflow", HealingWorkflow.TaskQueue, [Input, Limits]);

    private static HistoryBuilder Try(HistoryBuilder history, Verification verification) =>
        Respond(history.Activity("Diagnose", Passing).Activity("BeginAttempt", new AttemptPermit(true, null))).Activity("Replay", Sent).Activity("Verify", verification);

    private static HistoryBuilder Respond(HistoryBuilder history) => history.Activities(("RollBack", "nothing"), ("Alert", "told"), ("ReportMetrics", true));

    private static async Task ReplayAsync(WorkflowHistory history) =>
        await new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<HealingWorkflow>()).ReplayWorkflowAsync(history);
}
