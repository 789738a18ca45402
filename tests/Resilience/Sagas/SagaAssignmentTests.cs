namespace Resilience.Tests.Sagas;

/// <summary>Which instance takes a saga that nobody has.</summary>
public sealed class SagaAssignmentTests(PostgresServer server)
{
    [Fact]
    public async Task A_saga_that_is_released_is_taken_at_once_by_whoever_listens()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.PollInterval = TimeSpan.FromMinutes(5);
        var listening = await world.StartInstanceAsync("listening");
        var id = await world.AddInstance("gone").BeginAsync();
        await world.ScalarAsync<int>("UPDATE durable.sagas SET owner = NULL, lease_until = NULL");

        await world.ScalarAsync<string>("SELECT pg_notify('durable_sagas', '')");

        (await listening.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
    }

    [Fact]
    public async Task An_instance_that_is_full_leaves_a_new_saga_to_others()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        (world.Options.QueueLength, world.Options.MaxConcurrency) = (1, 1);
        var full = world.AddInstance("full");
        await full.BeginAsync();
        var left = await full.BeginAsync();

        (await world.ScalarAsync<bool>("SELECT owner IS NULL AND lease_until IS NULL FROM durable.sagas WHERE id = $1", left)).ShouldBeTrue();
        (await (await world.StartInstanceAsync("idle")).Client.WaitAsync(left, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
    }
}
