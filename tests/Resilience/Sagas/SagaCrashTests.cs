namespace Resilience.Tests.Sagas;

public sealed class SagaCrashTests(PostgresServer server)
{
    public static TheoryData<string, int, bool> CrashPoints()
    {
        var points = new TheoryData<string, int, bool>();
        (string Way, int Writes)[] ways = [("completes", 2), ("fails", 4), ("retries", 3)];
        foreach (var (way, writes) in ways)
        {
            for (var write = 0; write < writes; write++)
            {
                points.Add(way, write, false);
                points.Add(way, write, true);
            }
        }

        return points;
    }

    [Theory]
    [MemberData(nameof(CrashPoints))]
    public async Task Wherever_an_instance_dies_another_one_finishes_its_saga(string way, int write, bool afterwards)
    {
        await using var world = await SagaWorld.CreateAsync(server);
        Script(world, way);
        CrashingStore? crashing = null;
        var doomed = world.AddInstance("doomed", store => crashing = new CrashingStore(store, write, afterwards));
        var id = await doomed.BeginAsync();
        doomed.Queue.Reader.TryRead(out var saga).ShouldBeTrue();
        await Should.ThrowAsync<CrashException>(() => doomed.Engine.RunAsync(saga!, SagaWorld.Cancel));
        crashing!.HasCrashed.ShouldBeTrue();
        await world.ExpireLeasesAsync();

        var result = await (await world.StartInstanceAsync("heir")).Client.WaitAsync(id, SagaWorld.Cancel);

        var isCompleted = way != "fails";
        result.Status.ShouldBe(isCompleted ? SagaStatus.Completed : SagaStatus.Compensated);
        world.Flight.IsInEffect(id).ShouldBe(isCompleted);
        world.Hotel.IsInEffect(id).ShouldBe(isCompleted);
        (await world.TripAsync(id))!.Split(' ').Count(entry => entry is "confirmed" or "cancelled:FULL").ShouldBe(1, "a local step happens exactly once");
    }

    [Fact]
    public async Task An_owner_that_lost_its_lease_cannot_write()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var paused = world.AddInstance("paused");
        world.Flight.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = await paused.BeginAsync();
        paused.Queue.Reader.TryRead(out var saga).ShouldBeTrue();
        var run = paused.Engine.RunAsync(saga!, SagaWorld.Cancel);
        await world.Flight.Entered.Task;

        await world.ExpireLeasesAsync();
        var heir = world.AddInstance("heir");
        var taken = (await heir.Store.ClaimAsync(10, SagaWorld.Cancel)).ShouldHaveSingleItem();
        world.Flight.Gate.SetResult();

        (await run).ShouldBeNull();
        (await world.ScalarAsync<string>("SELECT owner || ' ' || step || ' ' || epoch FROM durable.sagas WHERE id = $1", id)).ShouldBe("heir 0 2");
        world.Flight.Gate = null;
        (await heir.Engine.RunAsync(taken, SagaWorld.Cancel))!.Status.ShouldBe(SagaStatus.Completed);
        (await world.TripAsync(id)).ShouldBe("Ann confirmed");
    }

    [Fact]
    public async Task A_lease_that_has_not_run_out_protects_the_saga()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        await world.AddInstance("owner").BeginAsync();
        (await world.AddInstance("thief").Store.ClaimAsync(10, SagaWorld.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_saga_is_taken_over_by_one_instance_only()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var doomed = world.AddInstance("doomed");
        for (var i = 0; i < 40; i++)
        {
            await doomed.BeginAsync();
        }

        await world.ExpireLeasesAsync();
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => world.AddInstance($"heir{i}").Store.ClaimAsync(10, SagaWorld.Cancel)));

        var ids = claims.SelectMany(claim => claim).Select(saga => saga.Id).ToList();
        ids.Count.ShouldBe(ids.Distinct().Count());
        ids.Count.ShouldBe(40);
    }

    [Fact]
    public async Task A_step_taken_over_counts_as_in_doubt_even_when_it_refuses_now()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var id = await world.AddInstance("doomed").BeginAsync();
        world.Flight.Executions.Enqueue(() => Refused("FULL", "no seat"));
        await world.ExpireLeasesAsync();

        await (await world.StartInstanceAsync("heir")).Client.WaitAsync(id, SagaWorld.Cancel);

        world.Journal.Of(id).ShouldBe("+flight -flight");
    }

    [Fact]
    public async Task Sagas_of_a_definition_this_instance_does_not_know_are_left_alone()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        await world.AddInstance("doomed").BeginAsync();
        await world.ScalarAsync<int>("UPDATE durable.sagas SET version = 2");
        await world.ExpireLeasesAsync();
        (await world.AddInstance("heir").Store.ClaimAsync(10, SagaWorld.Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stopping_instance_hands_its_sagas_over_at_once()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Flight.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leaving = await world.StartInstanceAsync("leaving");
        var id = await leaving.BeginAsync();
        await world.Flight.Entered.Task;

        await leaving.StopAsync();

        (await world.ScalarAsync<bool>("SELECT owner IS NULL AND lease_until IS NULL FROM durable.sagas WHERE id = $1", id)).ShouldBeTrue();
        world.Flight.Gate = null;
        (await (await world.StartInstanceAsync("staying")).Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
    }

    [Fact]
    public async Task A_stopping_instance_lets_a_quick_step_end()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.DrainTime = TimeSpan.FromSeconds(10);
        world.Flight.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leaving = await world.StartInstanceAsync("leaving");
        var id = await leaving.BeginAsync();
        await world.Flight.Entered.Task;

        var stopped = leaving.StopAsync();
        world.Flight.Gate.SetResult();
        await stopped;

        (await world.StatusAsync(id)).ShouldBe("completed");
    }

    [Fact]
    public async Task Leases_of_long_sagas_are_renewed()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.Lease = TimeSpan.FromMilliseconds(300);

        // This instance must renew its lease in time, not take its own saga over when the machine is slow.
        world.Options.PollInterval = TimeSpan.FromMinutes(10);
        world.Flight.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var instance = await world.StartInstanceAsync();
        var id = await instance.BeginAsync();

        await world.UntilAsync("SELECT lease_until > created_at + interval '800 ms' FROM durable.sagas WHERE id = $1", id);

        (await world.ScalarAsync<long>("SELECT epoch FROM durable.sagas WHERE id = $1", id)).ShouldBe(1);
        world.Flight.Gate.SetResult();
        (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
    }

    [Fact]
    public async Task Connections_that_break_in_between_cost_no_saga()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.Lease = TimeSpan.FromSeconds(1);
        var instance = await world.StartInstanceAsync();
        var ids = new List<Guid>();
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 10; i++)
            {
                ids.Add(await instance.BeginAsync());
            }

            await using var other = new Npgsql.NpgsqlConnection(server.MaintenanceConnectionString);
            await other.OpenAsync(SagaWorld.Cancel);
            await using var kill = new Npgsql.NpgsqlCommand(
                $"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{new Npgsql.NpgsqlConnectionStringBuilder(world.DataSource.ConnectionString).Database}'",
                other);
            await kill.ExecuteScalarAsync(SagaWorld.Cancel);
            world.DataSource.Clear();
        }

        await world.ExpireLeasesAsync();
        foreach (var id in ids)
        {
            (await instance.Client.WaitAsync(id, SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
            (await world.TripAsync(id)).ShouldBe("Ann confirmed");
        }
    }

    private static void Script(SagaWorld world, string way)
    {
        switch (way)
        {
            case "fails":
                world.Hotel.Executions.Enqueue(() => Failed("FULL", "no room"));
                world.Hotel.Executions.Enqueue(() => Failed("FULL", "no room"));
                break;
            case "retries":
                world.Hotel.Executions.Enqueue(() => Transient("BUSY", "later"));
                break;
        }
    }
}
