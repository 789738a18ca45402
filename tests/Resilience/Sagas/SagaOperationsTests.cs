using Npgsql;

namespace Resilience.Tests.Sagas;

/// <summary>What people see of sagas, and what operators can do.</summary>
public sealed class SagaOperationsTests(PostgresServer server)
{
    [Fact]
    public async Task The_history_tells_step_by_step_what_happened()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Hotel.Executions.Enqueue(() => Transient("BUSY", "ask again"));
        world.Hotel.Executions.Enqueue(() => Failed("FULL", "no room"));
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await instance.Client.WaitAsync(id, SagaWorld.Cancel);

        var view = (await instance.Client.FindAsync(id, SagaWorld.Cancel))!;
        view.History.Select(entry => string.Join(' ', new[] { entry.Action, entry.Step, entry.Outcome, entry.Attempt?.ToString(), entry.Code }.OfType<string>())).ShouldBe(
        [
            "started",
            "execute flight done 1",
            "execute hotel transient 1 BUSY",
            "execute hotel failed 2 FULL",
            "turned FULL",
            "compensate hotel done 1",
            "compensate flight done 1",
            "compensated FULL",
        ]);
        view.History.ShouldAllBe(entry => entry.By == "a" && entry.At > DateTimeOffset.UtcNow.AddMinutes(-5));
        (view.Status, view.FailureDetail, view.Remaining.Count, view.Owner).ShouldBe(("compensated", "no room", 0, null));
    }

    [Fact]
    public async Task A_long_history_keeps_its_beginning_and_its_end()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        for (var attempt = 0; attempt < 400; attempt++)
        {
            world.Flight.Compensations.Enqueue(() => Failed("NO", "not now"));
        }

        world.Hotel.Executions.Enqueue(() => Refused("FULL", "no room"));
        (world.Options.CompensationBaseDelay, world.Options.CompensationMaxDelay) = (TimeSpan.Zero, TimeSpan.Zero);
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await instance.Client.WaitAsync(id, SagaWorld.Cancel);

        var history = (await instance.Client.FindAsync(id, SagaWorld.Cancel))!.History;
        history.Count.ShouldBeInRange(150, 205);
        (history[0].Action, history[^1].Action).ShouldBe((SagaAction.Started, SagaAction.Compensated));
        history[^2].Attempt.ShouldBe(401);
    }

    [Fact]
    public async Task Overdue_and_stuck_sagas_are_listed_with_what_remains()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var stuck = await StuckAsync(world);
        world.Options.OverdueAfter = TimeSpan.FromHours(1);
        world.Flight.Gate = new TaskCompletionSource();
        var running = await stuck.Instance.BeginAsync();

        var listed = (await stuck.Instance.Operations.ListAsync(SagaFilter.Stuck, 10, SagaWorld.Cancel)).ShouldHaveSingleItem();
        (listed.Id, listed.Status, listed.LastErrorCode).ShouldBe((stuck.Id, "stuck", "DOWN"));
        listed.Remaining.ShouldBe(["undo flight", "undo accept"]);
        listed.NextAttemptAt.ShouldNotBeNull();

        (await stuck.Instance.Operations.ListAsync(SagaFilter.Overdue, 10, SagaWorld.Cancel)).ShouldBeEmpty();
        await world.ScalarAsync<int>("UPDATE durable.sagas SET created_at = now() - interval '61 minutes' WHERE id = $1", running);
        var overdue = (await stuck.Instance.Operations.ListAsync(SagaFilter.Overdue, 10, SagaWorld.Cancel)).ShouldHaveSingleItem();
        (overdue.Id, overdue.Owner).ShouldBe((running, "a"));
        overdue.Remaining.ShouldBe(["flight", "hotel", "confirm"]);
        (await stuck.Instance.Operations.ListAsync(SagaFilter.Unfinished, 1, SagaWorld.Cancel)).ShouldHaveSingleItem().Id.ShouldBe(running);
        world.Flight.Gate.SetResult();
    }

    [Fact]
    public async Task What_keeps_failing_is_told_once_with_the_mark_and_not_by_an_owner_that_lost_it()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        await world.ScalarAsync<int>("CREATE TABLE alarms (id uuid, step text, code text, attempts int)");
        var (instance, id) = await StuckAsync(world, new Alarm());
        await instance.StopAsync();
        (await world.ScalarAsync<string>("SELECT string_agg(concat_ws(' ', id, step, code, attempts), ',') FROM alarms")).ShouldBe($"{id} flight DOWN 3");

        var fenced = world.AddInstance("b", listeners: new Alarm());
        var saga = (await ClaimAsync(world, fenced)).ShouldHaveSingleItem();
        await world.ScalarAsync<int>("UPDATE durable.sagas SET epoch = epoch + 1");
        (await fenced.Store.RecordFailureAsync(saga, TimeSpan.Zero, Failed("X", "x"), release: false, batch => new Alarm().Stuck(saga, "flight", Done, 9, batch), SagaWorld.Cancel))
            .ShouldBe(WriteResult.Fenced);
        (await world.ScalarAsync<long>("SELECT count(*) FROM alarms")).ShouldBe(1);
    }

    [Fact]
    public async Task An_operator_has_it_tried_again_at_once()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await StuckAsync(world);
        world.Flight.Compensations.Clear();

        var result = await instance.Operations.RetryAsync(id, "ann", SagaWorld.Cancel);

        (result.Outcome, result.Detail).ShouldBe((SagaInterventionOutcome.Done, "Undoing flight is tried again."));
        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Compensated);
        world.Flight.IsInEffect(id).ShouldBeFalse();
        (await HistoryAsync(instance, id)).ShouldContain(("operator-retry", "undo flight", "ann", null));
    }

    [Fact]
    public async Task One_that_is_being_tried_is_left_alone_where_only_those_that_wait_are_to_be_tried_again()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await StuckAsync(world);
        await world.ScalarAsync<int>($"UPDATE durable.sagas SET status = 'compensating', next_attempt_at = now() + interval '1 h' WHERE id = '{id}'");

        (await instance.Operations.RetryAsync(id, "healing", onlyWaiting: true, SagaWorld.Cancel)).ShouldBe(
            new SagaIntervention(SagaInterventionOutcome.NotApplicable, "The saga is compensating: it is being tried."));

        await world.ScalarAsync<int>($"UPDATE durable.sagas SET status = 'stuck' WHERE id = '{id}'");
        world.Flight.Compensations.Clear();
        (await instance.Operations.RetryAsync(id, "healing", onlyWaiting: true, SagaWorld.Cancel)).Outcome.ShouldBe(SagaInterventionOutcome.Done);
        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Compensated);
    }

    [Fact]
    public async Task An_operator_takes_a_compensation_for_done()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await StuckAsync(world);

        var result = await instance.Operations.SkipAsync(id, "ann", "refunded by hand, ticket 7", SagaWorld.Cancel);

        result.Outcome.ShouldBe(SagaInterventionOutcome.Done);
        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Compensated);
        (await world.TripAsync(id)).ShouldBe("Ann cancelling cancelled:FULL");
        (await HistoryAsync(instance, id)).ShouldContain(("operator-skip", "undo flight", "ann", "refunded by hand, ticket 7"));
        (await instance.Operations.SkipAsync(id, "ann", "again", SagaWorld.Cancel)).Outcome.ShouldBe(SagaInterventionOutcome.NotApplicable);
    }

    [Fact]
    public async Task An_operator_takes_a_step_after_the_pivot_for_done()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await StalledAsync(world);

        (await instance.Operations.SkipAsync(id, "ann", "sent by post", SagaWorld.Cancel)).Detail.ShouldBe("hotel counts as done.");

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        (await world.TripAsync(id)).ShouldBe("Ann confirmed");
    }

    [Fact]
    public async Task An_operator_turns_a_saga_round_past_its_pivot()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var (instance, id) = await StalledAsync(world);

        (await instance.Operations.ForceCompensateAsync(id, "ann", "the hotel burned down", SagaWorld.Cancel)).Outcome.ShouldBe(SagaInterventionOutcome.Done);

        var result = await instance.Client.WaitAsync(id, SagaWorld.Cancel);
        (result.Status, result.FailureCode, result.FailureDetail).ShouldBe((SagaStatus.Compensated, SagaOperations.OperatorCode, "the hotel burned down"));
        world.Journal.Of(id).ShouldEndWith("-hotel -flight");
        (await world.TripAsync(id)).ShouldBe("Ann cancelling cancelled:COMPENSATED_BY_OPERATOR");
        (await instance.Operations.ForceCompensateAsync(id, "ann", "again", SagaWorld.Cancel)).Outcome.ShouldBe(SagaInterventionOutcome.NotApplicable);
    }

    [Fact]
    public async Task An_operator_has_a_completed_saga_undone()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = await world.StartInstanceAsync();
        var id = (await instance.RunAsync()).Id;

        await instance.Operations.ForceCompensateAsync(id, "ann", "fraud", SagaWorld.Cancel);

        (await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).FailureDetail.ShouldBe("fraud");
        world.Journal.Of(id).ShouldBe("+flight +hotel -hotel -flight");
    }

    [Fact]
    public async Task Whoever_drives_the_saga_meanwhile_cannot_write_any_more()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Hotel.Gate = new TaskCompletionSource();
        var (driving, other) = (await world.StartInstanceAsync("driving"), world.AddInstance("other"));
        var id = await driving.BeginAsync();
        await world.Hotel.Entered.Task;
        await driving.Operations.ForceCompensateAsync(id, "ann", "stop it", SagaWorld.Cancel);

        world.Hotel.Gate.SetResult();

        (await driving.Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).FailureDetail.ShouldBe("stop it");
        (await world.TripAsync(id)).ShouldBe("Ann cancelling cancelled:COMPENSATED_BY_OPERATOR");
        (world.Flight.IsInEffect(id), world.Hotel.IsInEffect(id)).ShouldBe((false, false));
        other.Queue.Holds(id).ShouldBeFalse();
    }

    [Fact]
    public async Task Wishes_that_do_not_fit_change_nothing_and_say_why()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = await world.StartInstanceAsync();
        var id = (await instance.RunAsync()).Id;
        (await instance.Operations.RetryAsync(id, "ann", SagaWorld.Cancel)).ShouldBe(
            new SagaIntervention(SagaInterventionOutcome.NotApplicable, "The saga is completed: there is nothing to try again."));
        (await instance.Operations.RetryAsync(Guid.NewGuid(), "ann", SagaWorld.Cancel)).Outcome.ShouldBe(SagaInterventionOutcome.NotFound);
        await Should.ThrowAsync<ArgumentException>(() => instance.Operations.SkipAsync(id, "ann", " ", SagaWorld.Cancel));
        await Should.ThrowAsync<ArgumentException>(() => instance.Operations.RetryAsync(id, "", SagaWorld.Cancel));
        (await HistoryAsync(instance, id)).ShouldNotContain(entry => entry.Item1.StartsWith("operator", StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<SagaContext>> ClaimAsync(SagaWorld world, SagaInstance instance)
    {
        await world.ExpireLeasesAsync();
        await world.ScalarAsync<int>("UPDATE durable.sagas SET next_attempt_at = now()");
        return await instance.Store.ClaimAsync(1, SagaWorld.Cancel);
    }

    private static async Task<IEnumerable<(string, string?, string?, string?)>> HistoryAsync(SagaInstance instance, Guid id) =>
        (await instance.Client.FindAsync(id, SagaWorld.Cancel))!.History.Select(entry => (entry.Action, entry.Step, entry.By, entry.Detail));

    /// <summary>A saga whose compensation fails for ever, and waits in the table.</summary>
    private static async Task<(SagaInstance Instance, Guid Id)> StuckAsync(SagaWorld world, params IStuckSagaListener[] listeners)
    {
        world.Hotel.Executions.Enqueue(() => Refused("FULL", "no room"));
        Fail(world.Flight.Compensations);
        return await UntilAsync(world, "stuck", listeners);
    }

    /// <summary>A saga whose last step, after the pivot, fails for ever, and waits in the table.</summary>
    private static async Task<(SagaInstance Instance, Guid Id)> StalledAsync(SagaWorld world)
    {
        world.Define = () => SagaDefinition.Named("trip", 1).Opens(new AcceptTrip()).Pivot(world.Flight).Then(world.Hotel).Closes(world.Confirm);
        Fail(world.Hotel.Executions);
        return await UntilAsync(world, "stalled");
    }

    private static void Fail(System.Collections.Concurrent.ConcurrentQueue<Func<StepOutcome>> script)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            script.Enqueue(() => Transient("DOWN", "away"));
        }
    }

    private static async Task<(SagaInstance Instance, Guid Id)> UntilAsync(SagaWorld world, string status, params IStuckSagaListener[] listeners)
    {
        // Short until it is stuck, and then longer than the test.
        (world.Options.CompensationBaseDelay, world.Options.CompensationMaxDelay) = (TimeSpan.FromSeconds(2.1), TimeSpan.FromMinutes(10));
        var instance = await world.StartInstanceAsync(listeners: listeners);
        var id = await instance.BeginAsync();
        for (var attempt = 1; attempt < world.Options.StuckAfter; attempt++)
        {
            await world.UntilAsync("SELECT attempts >= $2 AND owner IS NULL FROM durable.sagas WHERE id = $1", id, attempt);
            await world.ScalarAsync<int>("UPDATE durable.sagas SET next_attempt_at = now()");
        }

        await world.UntilAsync("SELECT status = $2 AND owner IS NULL FROM durable.sagas WHERE id = $1", id, status);
        return (instance, id);
    }

    private sealed class Alarm : IStuckSagaListener
    {
        public void Stuck(SagaContext saga, string stepName, StepOutcome last, int attempts, NpgsqlBatch batch) =>
            batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO alarms VALUES ($1, $2, $3, $4)")
            {
                Parameters = { new() { Value = saga.Id }, new() { Value = stepName }, new() { Value = last.Code ?? "" }, new() { Value = attempts } },
            });
    }
}
