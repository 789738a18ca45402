namespace Resilience.Tests.Sagas;

/// <summary>What is refused at start, by the name of the step.</summary>
public sealed class SagaDefinitionTests(PostgresServer server)
{
    private readonly ScriptedStep _flight = new("flight", new Journal());
    private readonly ScriptedStep _hotel = new("hotel", new Journal());

    [Fact]
    public void Steps_in_a_wrong_order_are_refused_when_they_are_written()
    {
        var definition = SagaDefinition.Named("x", 1).Then(_flight);
        Should.Throw<SagaDefinitionException>(() => definition.Opens(new AcceptTrip())).Step.ShouldBe("accept");
        definition.Closes(new ConfirmTrip());
        Should.Throw<SagaDefinitionException>(() => definition.Closes(new ConfirmTrip()));
        Should.Throw<SagaDefinitionException>(() => definition.Then(_hotel)).Message
            .ShouldBe("Step 'hotel' does not fit into saga 'x' version 1: nothing comes after the closing step.");
        Should.Throw<SagaDefinitionException>(() => SagaDefinition.Named("x", 1).Pivot(_flight).Pivot(_hotel)).Step.ShouldBe("hotel");
        Should.Throw<ArgumentException>(() => SagaDefinition.Named(" ", 1));
        Should.Throw<ArgumentOutOfRangeException>(() => SagaDefinition.Named("x", 0));
        Should.Throw<InvalidOperationException>(() => new SagaDefinitions([definition, definition]));
    }

    [Fact]
    public void A_step_without_compensation_is_refused_before_the_pivot_and_where_there_is_none()
    {
        Refused(SagaDefinition.Named("x", 1).Then(_flight).Then(new OneWay(_hotel))).Message.ShouldBe(
            "Step 'hotel' does not fit into saga 'x' version 1: it has no compensation and comes in a saga without a pivot; implement ICompensableStep, or place it after the pivot.");
        Refused(SagaDefinition.Named("x", 1).Then(new OneWay(_flight)).Pivot(_hotel)).Message.ShouldContain("before the pivot");
        new SagaDefinitions([SagaDefinition.Named("x", 1).Pivot(new OneWay(_flight)).Then(new OneWay(_hotel))]).All.Count.ShouldBe(1);
    }

    [Fact]
    public void Names_and_numbers_that_make_no_sense_are_refused()
    {
        Refused(SagaDefinition.Named("x", 1).Then(_flight).Then(_flight)).Message.ShouldContain("every step has a name of its own");
        Refused(SagaDefinition.Named("x", 1).Opens(new AcceptTrip()).Then(new ScriptedStep("accept", new Journal()))).Step.ShouldBe("accept");
        Refused(SagaDefinition.Named("x", 1).Then(new ScriptedStep("a: b", new Journal()))).Step.ShouldBe("a: b");
        Refused(SagaDefinition.Named("x", 1).Then(new ScriptedStep("", new Journal())));
        _flight.Timeout = TimeSpan.Zero;
        Refused(SagaDefinition.Named("x", 1).Then(_flight)).Message.ShouldContain("its timeout is 00:00:00");
        _hotel.IsRepeatable = false;
        Refused(SagaDefinition.Named("x", 1).Pivot(new OneWay(_hotel))).Message.ShouldContain("nobody could know");
    }

    [Theory]
    [InlineData("flight,car", "car", "'hotel'")]
    [InlineData("flight", "confirm", "'hotel'")]
    [InlineData("flight,hotel!", "hotel", "'hotel'")]
    [InlineData("flight,hotel,car", "car", "'confirm'")]
    public async Task A_changed_shape_ends_the_start_while_sagas_of_the_version_are_under_way(string steps, string step, string instead)
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Gate = new TaskCompletionSource();
        var first = await world.StartInstanceAsync("first");
        var id = await first.BeginAsync();
        await world.Flight.Entered.Task;

        world.Define = () => steps.Split(',').Aggregate(
            SagaDefinition.Named("trip", 1).Opens(new AcceptTrip()),
            (definition, name) => name.EndsWith('!')
                ? definition.Pivot(new ScriptedStep(name.TrimEnd('!'), world.Journal))
                : definition.Then(new ScriptedStep(name, world.Journal))).Closes(world.Confirm);
        var second = await world.StartInstanceAsync("second");

        var wrong = await Should.ThrowAsync<SagaDefinitionException>(() => second.Execution!);
        wrong.Step.ShouldBe(step);
        wrong.Message.ShouldContain($"1 sagas of this version are under way and have {instead} there");
        wrong.Message.ShouldContain("as version 2");

        world.Flight.Gate.SetResult();
        (await first.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);

        // With none under way it may change.
        var third = await world.StartInstanceAsync("third");
        (await third.RunAsync()).Status.ShouldBe(SagaStatus.Completed);
        world.Journal.Of(id).ShouldBe("+flight +hotel");
    }

    [Fact]
    public async Task A_saga_of_a_version_that_nobody_knows_is_parked_and_listed_and_goes_on_when_somebody_does()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var id = await world.AddInstance("old").BeginAsync();
        await world.ScalarAsync<int>("UPDATE durable.sagas SET version = 2");
        await world.ExpireLeasesAsync();
        var instance = await world.StartInstanceAsync();

        var parked = (await instance.Operations.ListAsync(SagaFilter.Parked, 10, SagaWorld.Cancel)).ShouldHaveSingleItem();
        (parked.Id, parked.IsParked, parked.Status, parked.Version).ShouldBe((id, true, "running", 2));
        (await instance.Client.CancelAsync(id, "X", "x", SagaWorld.Cancel)).ShouldBe(SagaCancellation.Parked);
        (await instance.Operations.RetryAsync(id, "ann", SagaWorld.Cancel)).Outcome.ShouldBe(SagaInterventionOutcome.Parked);
        world.Journal.Of(id).ShouldBe("");

        world.Define = () => SagaDefinition.Named("trip", 2).Opens(new AcceptTrip()).Then(world.Flight).Closes(world.Confirm);
        (await (await world.StartInstanceAsync("new")).Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
        (await instance.Operations.ListAsync(SagaFilter.Parked, 10, SagaWorld.Cancel)).ShouldBeEmpty();
    }

    private static SagaDefinitionException Refused(SagaDefinition definition) => Should.Throw<SagaDefinitionException>(() => new SagaDefinitions([definition]));
}
