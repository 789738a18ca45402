using System.Diagnostics;

namespace Resilience.Tests.Sagas;

public sealed class SagaEngineTests(PostgresServer server)
{
    [Fact]
    public async Task A_saga_runs_its_steps_in_order_and_completes_with_its_local_step()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var result = await (await world.StartInstanceAsync()).RunAsync();

        result.Status.ShouldBe(SagaStatus.Completed);
        world.Journal.Of(result.Id).ShouldBe("+flight +hotel");
        (await world.TripAsync(result.Id)).ShouldBe("Ann confirmed");
    }

    [Fact]
    public async Task A_failed_step_is_compensated_with_all_before_it_in_reverse_order()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Hotel.Executions.Enqueue(() => Failed("FULL", "no room"));

        var result = await (await world.StartInstanceAsync()).RunAsync();

        result.ShouldBe(new SagaResult(result.Id, SagaStatus.Compensated, "FULL", "no room", result.EndedAt));
        world.Journal.Of(result.Id).ShouldBe("+flight +hotel -hotel -flight");
        (await world.TripAsync(result.Id)).ShouldBe("Ann cancelling cancelled:FULL");
    }

    [Fact]
    public async Task A_step_that_refused_at_the_first_attempt_needs_no_compensation()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Hotel.Executions.Enqueue(() => Refused("FULL", "no room"));

        var result = await (await world.StartInstanceAsync()).RunAsync();

        world.Journal.Of(result.Id).ShouldBe("+flight +hotel -flight");
    }

    [Fact]
    public async Task A_step_that_refused_after_an_attempt_in_doubt_is_compensated()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Hotel.Executions.Enqueue(() => Transient("TIMEOUT", "no answer"));
        world.Hotel.Executions.Enqueue(() => Refused("FULL", "no room"));

        var result = await (await world.StartInstanceAsync()).RunAsync();

        world.Journal.Of(result.Id).ShouldBe("+flight +hotel +hotel -hotel -flight");
        result.FailureCode.ShouldBe("FULL");
    }

    [Fact]
    public async Task When_the_first_step_refuses_there_is_nothing_to_undo_but_the_opening()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Executions.Enqueue(() => Refused("FULL", "no seat"));

        var result = await (await world.StartInstanceAsync()).RunAsync();

        world.Journal.Of(result.Id).ShouldBe("+flight");
        (await world.TripAsync(result.Id)).ShouldBe("Ann cancelled:FULL");
    }

    [Fact]
    public async Task A_transient_failure_is_tried_again()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Executions.Enqueue(() => Transient("BUSY", "later"));
        world.Flight.Executions.Enqueue(() => throw new InvalidOperationException("boom"));

        var result = await (await world.StartInstanceAsync()).RunAsync();

        result.Status.ShouldBe(SagaStatus.Completed);
        world.Journal.Of(result.Id).ShouldBe("+flight +flight +flight +hotel");
    }

    [Fact]
    public async Task A_failure_that_outlasts_the_retries_turns_the_saga_round_with_its_code()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        for (var i = 0; i < 4; i++)
        {
            world.Hotel.Executions.Enqueue(() => Transient("BUSY", "later"));
        }

        var result = await (await world.StartInstanceAsync()).RunAsync();

        result.FailureCode.ShouldBe("BUSY");
        world.Journal.Of(result.Id).ShouldBe("+flight +hotel +hotel +hotel +hotel -hotel -flight");
    }

    [Fact]
    public async Task A_step_that_times_out_by_cancelling_itself_is_a_transient_failure()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Executions.Enqueue(() => throw new TaskCanceledException("attempt timeout"));

        (await (await world.StartInstanceAsync()).RunAsync()).Status.ShouldBe(SagaStatus.Completed);
    }

    [Fact]
    public async Task A_compensation_is_retried_until_it_succeeds_and_flagged_when_it_takes_too_long()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Hotel.Executions.Enqueue(() => Refused("FULL", "no room"));
        for (var i = 0; i < 6; i++)
        {
            world.Flight.Compensations.Enqueue(() => Failed("NO", "not now"));
        }

        var instance = world.AddInstance();
        var id = await instance.BeginAsync();
        await instance.StartAsync();
        var result = await instance.Client.WaitAsync(id, SagaWorld.Cancel);

        result.Status.ShouldBe(SagaStatus.Compensated);
        result.FailureCode.ShouldBe("FULL");
        world.Journal.Of(id).ShouldBe("+flight +hotel -flight -flight -flight -flight -flight -flight -flight");
    }

    [Fact]
    public async Task A_stuck_saga_says_so_in_the_table_with_its_last_error()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.CompensationBaseDelay = world.Options.CompensationMaxDelay = TimeSpan.FromSeconds(20);
        world.Options.StuckAfter = 1;
        world.Hotel.Executions.Enqueue(() => Refused("FULL", "no room"));
        world.Flight.Compensations.Enqueue(() => Transient("DOWN", "airline is away"));

        var id = await (await world.StartInstanceAsync()).BeginAsync();

        await world.UntilAsync("SELECT status = 'stuck' AND owner IS NULL FROM durable.sagas WHERE id = $1", id);
        (await world.ScalarAsync<string>("SELECT last_error_code || ': ' || last_error FROM durable.sagas WHERE id = $1", id)).ShouldBe("DOWN: airline is away");

        await world.ScalarAsync<int>("UPDATE durable.sagas SET next_attempt_at = now()");
        await world.UntilAsync("SELECT status = 'compensated' FROM durable.finished_sagas WHERE id = $1", id);
    }

    [Fact]
    public async Task A_closing_step_that_cannot_be_stored_turns_the_saga_round()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Confirm.IsBroken = true;

        var result = await (await world.StartInstanceAsync()).RunAsync();

        result.FailureCode.ShouldBe(SagaEngine.LocalStepCode);
        world.Journal.Of(result.Id).ShouldBe("+flight +hotel -hotel -flight");
        (await world.TripAsync(result.Id)).ShouldBe("Ann cancelling cancelled:LOCAL_STEP_FAILED");
    }

    [Fact]
    public async Task The_opening_step_and_the_saga_are_stored_together_or_not_at_all()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = world.AddInstance();
        var id = await instance.BeginAsync();
        await world.ScalarAsync<int>("DELETE FROM durable.sagas");

        await Should.ThrowAsync<Npgsql.PostgresException>(() => instance.Client.StartAsync("trip", id, new Trip("Bob"), SagaWorld.Cancel));

        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.sagas")).ShouldBe(0);
    }

    [Fact]
    public async Task The_id_of_a_saga_that_has_ended_stays_taken()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = await world.StartInstanceAsync();
        var ended = await instance.RunAsync();
        await world.ScalarAsync<int>("DELETE FROM trips");

        var refused = await Should.ThrowAsync<Npgsql.PostgresException>(() => instance.Client.StartAsync("trip", ended.Id, new Trip("Bob"), SagaWorld.Cancel));

        refused.SqlState.ShouldBe(Npgsql.PostgresErrorCodes.UniqueViolation);
        (await world.ScalarAsync<long>("SELECT (SELECT count(*) FROM trips) + (SELECT count(*) FROM durable.sagas)")).ShouldBe(0, "nothing is stored");
    }

    [Fact]
    public async Task Ended_sagas_are_kept_until_they_are_older_than_wanted_and_the_others_for_ever()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.KeepFinished = TimeSpan.FromDays(30);
        var left = await world.AddInstance("doomed").BeginAsync();
        var instance = world.AddInstance();
        await instance.StartAsync();
        var (old, recent) = ((await instance.RunAsync()).Id, (await instance.RunAsync()).Id);
        await world.ScalarAsync<int>("UPDATE durable.sagas SET created_at = now() - interval '31 days', updated_at = now() - interval '31 days'");
        await world.ScalarAsync<int>("UPDATE durable.finished_sagas SET updated_at = now() - interval '31 days' WHERE id = $1", old);
        await instance.StopAsync();

        await world.StartInstanceAsync("cleaner");

        await world.UntilAsync("SELECT NOT EXISTS (SELECT FROM durable.finished_sagas WHERE id = $1)", old);
        (await world.StatusAsync(recent)).ShouldBe("completed");
        (await world.StatusAsync(left)).ShouldNotBeNull();
    }

    [Fact]
    public async Task One_ended_saga_can_be_forgotten_and_one_under_way_cannot()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var idle = world.AddInstance("idle");
        var underWay = await idle.BeginAsync();
        var instance = await world.StartInstanceAsync();
        var ended = (await instance.RunAsync()).Id;

        (await instance.Client.ForgetAsync(ended, SagaWorld.Cancel)).ShouldBeTrue();
        (await instance.Client.ForgetAsync(ended, SagaWorld.Cancel)).ShouldBeFalse();
        (await instance.Client.ForgetAsync(underWay, SagaWorld.Cancel)).ShouldBeFalse();

        (await world.StatusAsync(ended)).ShouldBeNull();
        (await world.StatusAsync(underWay)).ShouldBe("running");
    }

    [Fact]
    public async Task An_unknown_saga_name_is_refused_with_the_known_ones()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var error = await Should.ThrowAsync<ArgumentException>(() =>
            world.AddInstance().Client.StartAsync("cruise", Guid.NewGuid(), new Trip("Ann"), SagaWorld.Cancel));
        error.Message.ShouldContain("known are: trip");
    }

    [Fact]
    public async Task Steps_are_spans_in_the_trace_of_whoever_started_the_saga()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        using var spans = new SpanRecorder();
        var dead = world.AddInstance();
        Guid id;
        ActivityTraceId trace;
        using (var request = spans.StartRequest())
        {
            trace = request.TraceId;
            id = await dead.BeginAsync();
        }

        await world.ExpireLeasesAsync();
        await (await world.StartInstanceAsync("b")).Client.WaitAsync(id, SagaWorld.Cancel);

        (await spans.UntilAsync(trace, "saga trip", SagaWorld.Cancel)).ShouldBe(["POST", "execute flight", "execute hotel", "saga trip"]);
    }
}
