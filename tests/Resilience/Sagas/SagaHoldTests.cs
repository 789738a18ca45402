using Npgsql;

namespace Resilience.Tests.Sagas;

/// <summary>A saga that is held when a step has failed as often as it may, until its cause is healed or its time is over; and a step that waits.</summary>
public sealed class SagaHoldTests(PostgresServer server)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_tried_again_after_its_cause_is_healed_completes(bool onAnotherInstance)
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await HeldAsync(world, Long);
        if (onAnotherInstance)
        {
            await instance.StopAsync();
            instance = await world.StartInstanceAsync("heir");
        }

        (await instance.Operations.RetryAsync(id, "healing", SagaWorld.Cancel)).ShouldBe(new SagaIntervention(SagaInterventionOutcome.Done, "flight is tried again."));

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        world.Journal.Of(id).ShouldBe("+flight +flight +flight +flight +flight +hotel");
        (await world.TripAsync(id)).ShouldBe("Ann confirmed");
    }

    [Fact]
    public async Task What_fails_again_after_it_was_tried_again_is_held_again()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await HeldAsync(world, Long);
        FailFour(world);

        await instance.Operations.RetryAsync(id, "healing", SagaWorld.Cancel);

        await world.UntilAsync("SELECT status = 'held' AND attempts = 4 AND cardinality(history) > 10 FROM durable.sagas WHERE id = $1", id);
        (await HistoryAsync(instance, id)).Count(action => action == SagaAction.Held).ShouldBe(2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2000)]
    public async Task What_is_not_healed_in_time_turns_round_for_the_reason_that_it_had(int waitInMemoryMs)
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.MaxWaitInMemory = TimeSpan.FromMilliseconds(waitInMemoryMs);
        world.Flight.Hold = TimeSpan.FromMilliseconds(30);
        FailFour(world);
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        var result = await instance.Client.WaitAsync(id, SagaWorld.Cancel);

        (result.Status, result.FailureCode, result.FailureDetail).ShouldBe((SagaStatus.Compensated, "DOWN", "it is down"));
        world.Journal.Of(id).ShouldBe("+flight +flight +flight +flight -flight");
        (await world.TripAsync(id)).ShouldBe("Ann cancelling cancelled:DOWN");
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_the_hold_to_end()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await HeldAsync(world, Long);

        (await instance.Client.CancelAsync(id, "REGRET", "changed my mind", SagaWorld.Cancel)).ShouldBe(SagaCancellation.Requested);

        (await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).FailureCode.ShouldBe("REGRET");
        world.Journal.Of(id).ShouldEndWith("-flight");
    }

    [Fact]
    public async Task A_wish_to_cancel_that_came_during_the_last_attempt_does_not_wait_either()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Hold = Long;
        FailFour(world);
        world.Flight.Gate = new TaskCompletionSource();
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await world.Flight.Entered.Task;
        await instance.Client.CancelAsync(id, "REGRET", "changed my mind", SagaWorld.Cancel);

        world.Flight.Gate.SetResult();

        (await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).FailureCode.ShouldBe("REGRET");
    }

    [Fact]
    public async Task An_operator_has_a_held_saga_undone_or_takes_its_step_for_done()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, undone) = await HeldAsync(world, Long);
        FailFour(world);
        var skipped = await instance.BeginAsync();
        await world.UntilAsync("SELECT status = 'held' FROM durable.sagas WHERE id = $1", skipped);

        await instance.Operations.ForceCompensateAsync(undone, "ann", "no use", SagaWorld.Cancel);
        await instance.Operations.SkipAsync(skipped, "ann", "booked by phone", SagaWorld.Cancel);

        (await instance.Client.WaitAsync(undone, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Compensated);
        (await instance.Client.WaitAsync(skipped, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        (await world.TripAsync(undone)).ShouldBe("Ann cancelling cancelled:COMPENSATED_BY_OPERATOR");
    }

    [Fact]
    public async Task What_was_held_when_somebody_looked_and_has_completed_since_is_not_undone()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await HeldAsync(world, Long);
        await instance.Operations.RetryAsync(id, "healing", SagaWorld.Cancel);
        await instance.Client.WaitAsync(id, SagaWorld.Cancel);

        var refused = await instance.Operations.ForceCompensateAsync(id, "healing", "too late", SagaStatus.Held, SagaWorld.Cancel);

        refused.ShouldBe(new SagaIntervention(SagaInterventionOutcome.NotApplicable, "The saga is completed, not held."));
        (await world.StatusAsync(id)).ShouldBe("completed");
    }

    [Fact]
    public async Task Who_listens_is_told_with_the_hold_and_it_is_listed_and_counted()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        await world.ScalarAsync<int>("CREATE TABLE told (step text, code text, retries int)");
        var (instance, id) = await HeldAsync(world, Long, new Told());

        (await world.ScalarAsync<string>("SELECT string_agg(concat_ws(' ', step, code, retries), ',') FROM told")).ShouldBe("flight DOWN 3");
        var listed = (await instance.Operations.ListAsync(SagaFilter.Stuck, 10, SagaWorld.Cancel)).ShouldHaveSingleItem();
        (listed.Id, listed.Status, listed.LastErrorCode).ShouldBe((id, "held", "DOWN"));
        listed.Remaining.ShouldBe(["flight", "hotel", "confirm"]);
        (await instance.Records.MeasureAsync(Long, SagaWorld.Cancel)).ShouldHaveSingleItem().ShouldBe(new SagaCounts("trip", 1, 0, 0, 1));
    }

    [Fact]
    public async Task What_is_refused_is_not_held()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Hold = Long;
        world.Flight.Executions.Enqueue(() => StepOutcome.Refused("FULL", "no seat"));
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).FailureCode.ShouldBe("FULL");
    }

    [Fact]
    public async Task A_step_that_waits_is_asked_again_and_counts_no_attempt()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        for (var i = 0; i < 20; i++)
        {
            world.Flight.Executions.Enqueue(() => StepOutcome.Wait(TimeSpan.FromMilliseconds(1), "not yet"));
        }

        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        (await instance.Records.FindAsync(id, SagaWorld.Cancel))!.History.Where(entry => entry.Outcome == "waiting").ShouldAllBe(entry => entry.Attempt == 1);
    }

    [Fact]
    public async Task A_long_wait_is_ended_by_whoever_has_it_tried_again()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Executions.Enqueue(() => StepOutcome.Wait(Long, "not yet"));
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await world.UntilAsync("SELECT owner IS NULL FROM durable.sagas WHERE id = $1", id);

        await instance.Operations.RetryAsync(id, "ann", SagaWorld.Cancel);

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
    }

    private static async Task<(SagaInstance Instance, Guid Id)> HeldAsync(SagaWorld world, TimeSpan hold, params IStuckSagaListener[] listeners)
    {
        world.Flight.Hold = hold;
        FailFour(world);
        var instance = await world.StartInstanceAsync(listeners: listeners);
        var id = await instance.BeginAsync();
        await world.UntilAsync("SELECT status = 'held' AND owner IS NULL FROM durable.sagas WHERE id = $1", id);
        return (instance, id);
    }

    private static void FailFour(SagaWorld world)
    {
        for (var i = 0; i < 4; i++)
        {
            world.Flight.Executions.Enqueue(() => StepOutcome.Transient("DOWN", "it is down"));
        }
    }

    private static async Task<IReadOnlyList<string>> HistoryAsync(SagaInstance instance, Guid id) =>
        [.. (await instance.Records.FindAsync(id, SagaWorld.Cancel))!.History.Select(entry => entry.Action)];

    private sealed class Told : IStuckSagaListener
    {
        public void Stuck(SagaContext saga, string stepName, StepOutcome last, int attempts, NpgsqlBatch batch) =>
            batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO told VALUES ($1, $2, $3)")
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = stepName }, new NpgsqlParameter<string> { TypedValue = last.Code! }, new NpgsqlParameter<int> { TypedValue = attempts } },
            });
    }
}
