using Npgsql;

namespace Resilience.Tests.Sagas;

/// <summary>How the table is read: what a look costs, and when the next one is worth it.</summary>
public sealed class SagaTableTests(PostgresServer server)
{
    [Theory]
    [InlineData(SagaSql.Advance, "uuid, bigint, text, int, text[]")]
    [InlineData(SagaSql.RecordFailure, "uuid, bigint, text, int, interval, text, text, boolean, text[]")]
    [InlineData(SagaSql.FindCancellation, "uuid, bigint")]
    [InlineData(SagaSql.FindForUpdate, "uuid")]
    [InlineData(SagaSql.FindView, "uuid")]
    public async Task Behind_a_backlog_a_saga_is_found_by_its_id(string statement, string types)
    {
        await using var world = await SagaWorld.CreateAsync(server);
        await FillAsync(world, backlog: 2_000, finished: 5_000);

        (await PlanAsync(world, statement, types)).ShouldNotContain("Seq Scan");
    }

    [Theory]
    [InlineData(SagaSql.Claim, "int, text[], int[], text, interval")]
    [InlineData(SagaSql.UntilNextDue, "text[], int[]")]
    [InlineData(SagaSql.Measure, "interval")]
    [InlineData(SagaSql.ReleaseAll, "text")]
    [InlineData(SagaSql.Renew, "uuid[], bigint[], interval, text")]
    public async Task What_looks_for_sagas_under_way_does_not_read_the_ended_ones(string statement, string types)
    {
        await using var world = await SagaWorld.CreateAsync(server);
        await FillAsync(world, backlog: 1, finished: 5_000);

        (await PlanAsync(world, statement, types)).ShouldNotContain("finished");
    }

    [Fact]
    public async Task Old_ends_are_found_without_reading_the_others()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        await FillAsync(world, backlog: 1, finished: 50_000);

        (await PlanAsync(world, SagaSql.ForgetOld, "interval, int")).ShouldContain("finished_sagas_by_end");
    }

    [Fact]
    public async Task A_saga_that_ends_leaves_the_table_of_those_under_way_and_one_that_is_reopened_comes_back()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var instance = await world.StartInstanceAsync();
        var id = (await instance.RunAsync()).Id;
        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.sagas")).ShouldBe(0);

        world.Flight.CompensationGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (await instance.Client.CancelAsync(id, "CANCELLED", "by the customer", SagaWorld.Cancel)).ShouldBe(SagaCancellation.Reopened);
        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.finished_sagas")).ShouldBe(0);

        world.Flight.CompensationGate.SetResult();
        await instance.Client.WaitForCompensationAsync(id, SagaWorld.Cancel);
        (await world.StatusAsync(id)).ShouldBe("compensated");
        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.sagas")).ShouldBe(0);
        (await instance.Client.FindAsync(id, SagaWorld.Cancel))!.History.Count.ShouldBeGreaterThan(5, "the history went along");
    }

    [Fact]
    public async Task The_next_due_saga_is_the_one_whose_lease_and_wait_are_over_first()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        var store = world.AddInstance("heir").Store;
        (await store.UntilNextDueAsync(SagaWorld.Cancel)).ShouldBeNull("there is none");

        await world.AddInstance("owner").BeginAsync();
        var leased = (await store.UntilNextDueAsync(SagaWorld.Cancel)).ShouldNotBeNull();
        leased.ShouldBeInRange(TimeSpan.FromTicks(1), world.Options.Lease);

        await world.ScalarAsync<int>("UPDATE durable.sagas SET owner = NULL, lease_until = NULL, next_attempt_at = now() + interval '1 hour'");
        (await store.UntilNextDueAsync(SagaWorld.Cancel)).ShouldNotBeNull().ShouldBeInRange(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));

        await world.AddInstance("other").BeginAsync();
        await world.ExpireLeasesAsync();
        (await store.UntilNextDueAsync(SagaWorld.Cancel)).ShouldNotBeNull().ShouldBeLessThan(TimeSpan.Zero);

        await world.ScalarAsync<int>("UPDATE durable.sagas SET version = 7");
        (await store.UntilNextDueAsync(SagaWorld.Cancel)).ShouldBeNull("nobody here knows how to drive them");
    }

    [Fact]
    public async Task A_lease_that_runs_out_is_noticed_then_and_not_at_the_next_regular_look()
    {
        await using var world = await SagaWorld.CreateAsync(server);
        world.Options.PollInterval = TimeSpan.FromSeconds(30);
        world.Options.Lease = TimeSpan.FromMilliseconds(500);
        var id = await world.AddInstance("doomed").BeginAsync();
        var heir = await world.StartInstanceAsync("heir");

        (await heir.Client.WaitAsync(id, SagaWorld.Cancel).WaitAsync(TimeSpan.FromSeconds(15), SagaWorld.Cancel)).Status.ShouldBe(SagaStatus.Completed);
    }

    private static async Task FillAsync(SagaWorld world, int backlog, int finished)
    {
        foreach (var (table, status, rows) in ((string, string, int)[])[("sagas", "running", backlog), ("finished_sagas", "completed", finished)])
        {
            await world.ScalarAsync<int>(
                $$"""
                INSERT INTO durable.{{table}} (id, definition, version, status, step, epoch, data, updated_at)
                SELECT gen_random_uuid(), 'trip', 1, '{{status}}', 2, 1, '{}', now() - interval '1 day' + number * interval '1 s' FROM generate_series(1, $1) AS number
                """,
                rows);
            await world.ScalarAsync<int>($"ANALYZE durable.{table}");
        }
    }

    /// <summary>The plan for any values, as the server makes it for a statement that it has seen some times.</summary>
    private static async Task<string> PlanAsync(SagaWorld world, string statement, string types)
    {
        await using var connection = await world.DataSource.OpenConnectionAsync(SagaWorld.Cancel);
        await ExecuteAsync(connection, "SET plan_cache_mode = force_generic_plan");
        await ExecuteAsync(connection, $"PREPARE looked_at ({types}) AS {statement}");
        var values = string.Join(", ", types.Split(',').Select(_ => "NULL"));
        await using var command = new NpgsqlCommand($"EXPLAIN EXECUTE looked_at({values})", connection);
        await using var reader = await command.ExecuteReaderAsync(SagaWorld.Cancel);
        var lines = new List<string>();
        while (await reader.ReadAsync(SagaWorld.Cancel))
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(SagaWorld.Cancel);
    }
}
