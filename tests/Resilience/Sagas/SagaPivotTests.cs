namespace Resilience.Tests.Sagas;

/// <summary>Before the pivot a saga can turn round, after it the saga only goes forwards.</summary>
public sealed class SagaPivotTests(PostgresServer server)
{
    [Fact]
    public async Task What_fails_after_the_pivot_is_tried_until_it_works()
    {
        await using var world = await CreateAsync();
        var tickets = Script(world, out var steps);
        for (var i = 0; i < 6; i++)
        {
            tickets.Executions.Enqueue(() => i % 2 == 0 ? Failed("NO", "printer is broken") : Refused("NO", "printer is broken"));
        }

        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        world.Journal.Of(id).ShouldBe("+flight +hotel +tickets +tickets +tickets +tickets +tickets +tickets +tickets");
        (await world.TripAsync(id)).ShouldBe("Ann confirmed");
        steps.ShouldBe(3);
    }

    [Fact]
    public async Task A_pivot_that_refuses_turns_the_saga_round()
    {
        await using var world = await CreateAsync();
        Script(world, out _);
        world.Hotel.Executions.Enqueue(() => Transient("BUSY", "busy"));
        world.Hotel.Executions.Enqueue(() => Refused("FULL", "no room"));
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        var result = await instance.Client.WaitAsync(id, SagaWorld.Cancel);

        (result.Status, result.FailureCode).ShouldBe((SagaStatus.Compensated, "FULL"));
        world.Journal.Of(id).ShouldBe("+flight +hotel +hotel -flight");
    }

    [Fact]
    public async Task A_pivot_in_doubt_that_cannot_be_undone_is_repeated_beyond_its_retries()
    {
        await using var world = await CreateAsync();
        Script(world, out _);
        for (var i = 0; i < 7; i++)
        {
            world.Hotel.Executions.Enqueue(() => Transient("BUSY", "busy"));
        }

        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        world.Journal.Of(id).ShouldBe("+flight +hotel +hotel +hotel +hotel +hotel +hotel +hotel +hotel +tickets");
    }

    [Fact]
    public async Task Cancelling_comes_too_late_after_the_pivot()
    {
        await using var world = await CreateAsync();
        var tickets = Script(world, out _);
        tickets.Gate = new TaskCompletionSource();
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await tickets.Entered.Task;

        (await instance.Client.CancelAsync(id, "CHANGED_MIND", "x", SagaWorld.Cancel)).ShouldBe(SagaCancellation.TooLate);

        tickets.Gate.SetResult();
        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        (await instance.Client.CancelAsync(id, "CHANGED_MIND", "x", SagaWorld.Cancel)).ShouldBe(SagaCancellation.TooLate);
    }

    [Fact]
    public async Task A_wish_to_cancel_that_comes_while_the_pivot_is_under_way_is_too_late_when_it_works()
    {
        await using var world = await CreateAsync();
        Script(world, out _);
        world.Hotel.Gate = new TaskCompletionSource();
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await world.Hotel.Entered.Task;

        (await instance.Client.CancelAsync(id, "CHANGED_MIND", "x", SagaWorld.Cancel)).ShouldBe(SagaCancellation.Requested);
        world.Hotel.Gate.SetResult();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        world.Journal.Of(id).ShouldBe("+flight +hotel +tickets");
        (await instance.Client.FindAsync(id, SagaWorld.Cancel))!.History.ShouldContain(entry => entry.Action == SagaAction.CancelledTooLate);
        (await world.TripAsync(id)).ShouldBe("Ann confirmed");
    }

    [Theory]
    [InlineData(true, "+flight +hotel +hotel +tickets")]
    [InlineData(false, "+flight +hotel -hotel -flight")]
    public async Task A_step_in_doubt_is_repeated_only_where_it_may_be(bool isRepeatable, string journal)
    {
        await using var world = await CreateAsync();
        var tickets = new ScriptedStep("tickets", world.Journal);
        world.Hotel.IsRepeatable = isRepeatable;
        world.Define = () => SagaDefinition.Named("trip", 1).Opens(new AcceptTrip()).Then(world.Flight).Then(world.Hotel).Then(tickets).Closes(world.Confirm);
        world.Hotel.Executions.Enqueue(() => Transient("LOST", "no answer"));
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(isRepeatable ? SagaStatus.Completed : SagaStatus.Compensated);
        world.Journal.Of(id).ShouldBe(journal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_attempt_that_takes_too_long_is_left_and_tried_again_also_when_it_does_not_listen(bool isDeaf)
    {
        await using var world = await CreateAsync();
        var gate = new TaskCompletionSource();
        (world.Flight.Timeout, world.Flight.Gate, world.Flight.IsDeaf) = (TimeSpan.FromMilliseconds(50), gate, isDeaf);
        world.Flight.Executions.Enqueue(() =>
        {
            world.Flight.Executions.Enqueue(() =>
            {
                world.Flight.Gate = null;
                return Done;
            });
            return Done;
        });
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        var attempts = (await instance.Client.FindAsync(id, SagaWorld.Cancel))!.History.Where(entry => entry.Step == "flight").ToList();
        attempts.Select(entry => (entry.Outcome, entry.Code)).ShouldBe([("transient", "STEP_TIMED_OUT"), ("done", null)]);
        attempts[0].Detail.ShouldBe("execute flight took longer than 0.05 s.");
        gate.SetResult();
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public async Task Wherever_an_instance_dies_a_saga_with_a_pivot_ends(int write, bool afterwards)
    {
        await using var world = await CreateAsync();
        Script(world, out _);
        var doomed = world.AddInstance("doomed", store => new CrashingStore(store, write, afterwards));
        var id = await doomed.BeginAsync();
        await doomed.StartAsync();
        await world.UntilAsync("SELECT true");
        while (!((CrashingStore)doomed.Store).HasCrashed && await world.StatusAsync(id) != "completed")
        {
            await Task.Yield();
        }

        await world.ExpireLeasesAsync();
        var heir = await world.StartInstanceAsync("heir");
        (await heir.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        (world.Flight.IsInEffect(id), world.Hotel.IsInEffect(id)).ShouldBe((true, true));
        world.Journal.Of(id).ShouldNotContain('-');
        (await world.TripAsync(id)).ShouldBe("Ann confirmed");
    }

    private Task<SagaWorld> CreateAsync() => SagaWorld.CreateAsync(server);

    /// <summary>Flight, then the hotel as a pivot, then tickets, of which only the flight can be undone.</summary>
    private static ScriptedStep Script(SagaWorld world, out int steps)
    {
        var tickets = new ScriptedStep("tickets", world.Journal);
        world.Define = () => SagaDefinition.Named("trip", 1)
            .Opens(new AcceptTrip()).Then(world.Flight).Pivot(new OneWay(world.Hotel)).Then(new OneWay(tickets)).Closes(world.Confirm);
        steps = world.Define().Steps.Count;
        return tickets;
    }
}
