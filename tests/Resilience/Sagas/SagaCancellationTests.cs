namespace Resilience.Tests.Sagas;

public sealed class SagaCancellationTests(PostgresServer server)
{
    [Fact]
    public async Task A_running_saga_turns_round_before_its_next_step()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await world.Flight.Entered.Task;

        (await CancelAsync(instance, id)).ShouldBe(SagaCancellation.Requested);
        (await world.TripAsync(id)).ShouldBe("Ann cancelling");
        world.Flight.Gate.SetResult();

        (await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).FailureCode.ShouldBe("REGRET");
        world.Journal.Of(id).ShouldBe("+flight -flight");
        world.Flight.IsInEffect(id).ShouldBeFalse();
    }

    [Fact]
    public async Task A_saga_that_is_about_to_complete_does_not_complete_any_more()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Hotel.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await world.Hotel.Entered.Task;

        await CancelAsync(instance, id);
        world.Hotel.Gate.SetResult();

        (await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Compensated);
        world.Journal.Of(id).ShouldBe("+flight +hotel -hotel -flight");
        (await world.TripAsync(id))!.ShouldNotContain("confirmed");
    }

    [Fact]
    public async Task A_saga_that_waits_for_a_retry_turns_round_with_the_doubtful_step()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Executions.Enqueue(() => Transient("BUSY", "later", retryAfter: TimeSpan.FromSeconds(9)));
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        await world.UntilAsync("SELECT attempts = 1 AND owner IS NULL FROM durable.sagas WHERE id = $1", id);

        await CancelAsync(instance, id);

        (await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).FailureCode.ShouldBe("REGRET");
        world.Journal.Of(id).ShouldBe("+flight -flight");
    }

    [Fact]
    public async Task A_completed_saga_is_reopened_and_undone()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = await world.StartInstanceAsync();
        var id = (await instance.RunAsync()).Id;

        (await CancelAsync(instance, id)).ShouldBe(SagaCancellation.Reopened);

        var result = await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel);
        result.ShouldBe(new SagaResult(id, SagaStatus.Compensated, "REGRET", "changed my mind", result.EndedAt));
        world.Journal.Of(id).ShouldBe("+flight +hotel -hotel -flight");
        (await world.TripAsync(id)).ShouldBe("Ann confirmed cancelling cancelled:REGRET");
    }

    [Fact]
    public async Task A_reopened_saga_whose_instance_dies_is_undone_by_another()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var first = await world.StartInstanceAsync();
        var id = (await first.RunAsync()).Id;
        await first.StopAsync();
        await CancelAsync(world.AddInstance("doomed"), id);
        await world.ExpireLeasesAsync();

        (await (await world.StartInstanceAsync("heir")).Client.WaitForCompensationAsync(id, SagaWorld.Cancel)).FailureCode.ShouldBe("REGRET");
    }

    [Fact]
    public async Task Cancelling_twice_changes_nothing()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = await world.StartInstanceAsync();
        var id = (await instance.RunAsync()).Id;
        await CancelAsync(instance, id);
        await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel);

        (await CancelAsync(instance, id)).ShouldBe(SagaCancellation.AlreadyCompensated);
        (await world.TripAsync(id)).ShouldBe("Ann confirmed cancelling cancelled:REGRET");
    }

    [Fact]
    public async Task Of_many_cancellations_at_once_one_reopens()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = await world.StartInstanceAsync();
        var id = (await instance.RunAsync()).Id;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CancelAsync(instance, id)));

        outcomes.Count(outcome => outcome == SagaCancellation.Reopened).ShouldBe(1);
        await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel);
        world.Journal.Of(id).ShouldBe("+flight +hotel -hotel -flight");
    }

    [Fact]
    public async Task An_unknown_saga_cannot_be_cancelled()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        (await CancelAsync(world.AddInstance(), Guid.NewGuid())).ShouldBe(SagaCancellation.NotFound);
    }

    [Fact]
    public async Task A_saga_that_ends_on_another_instance_is_noticed_here()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var there = await world.StartInstanceAsync("there");
        var here = await world.StartInstanceAsync("here");
        var id = await there.BeginAsync();
        var waiting = here.Client.WaitAsync(id, SagaWorld.Cancel);
        await world.Flight.Entered.Task;
        world.Flight.Gate.SetResult();

        (await waiting).Status.ShouldBe(SagaStatus.Completed);
        (await here.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed, "also long after");
    }

    [Fact]
    public async Task Who_stops_waiting_does_not_stop_the_saga()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();
        using var impatient = new CancellationTokenSource();
        var waiting = instance.Client.WaitAsync(id, impatient.Token);

        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        world.Flight.Gate.SetResult();

        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
    }

    private static Task<SagaCancellation> CancelAsync(SagaInstance instance, Guid id) =>
        instance.Client.CancelAsync(id, "REGRET", "changed my mind", SagaWorld.Cancel);
}
