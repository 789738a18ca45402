namespace Resilience.Tests.Messaging;

/// <summary>The inbox alone.</summary>
public sealed class InboxTests(PostgresServer server)
{
    [Fact]
    public async Task The_inbox_tells_new_from_known_also_under_concurrency()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var ids = Enumerable.Range(0, 100).Select(i => $"{i}").ToArray();

        var added = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => RecordAsync(world, i % 2 == 0 ? ids : [.. ids.Reverse(), "0"])));

        added.Sum(set => set.Count).ShouldBe(100);
        (await RecordAsync(world, ["0", "new"])).ShouldBe(["new"]);
    }

    [Fact]
    public async Task The_inbox_forgets_what_is_old()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await RecordAsync(world, ["old1", "old2", "fresh"]);
        await world.ScalarAsync<string>("UPDATE durable.inbox SET received_at = now() - interval '8 days' WHERE message_id LIKE 'old%' RETURNING message_id");

        (await Inbox.ForgetAsync(world.DataSource, "test", TimeSpan.FromDays(7), limit: 1, MessagingWorld.Cancel)).ShouldBe(1);
        (await Inbox.ForgetAsync(world.DataSource, "test", TimeSpan.FromDays(7), limit: 9, MessagingWorld.Cancel)).ShouldBe(1);
        (await world.ScalarAsync<string>("SELECT message_id FROM durable.inbox")).ShouldBe("fresh");
    }

    [Fact]
    public async Task Several_instances_forget_at_once_without_waiting_for_each_other()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await world.RecordOldAsync(10);
        await using var connection = await world.DataSource.OpenConnectionAsync(MessagingWorld.Cancel);
        await using var transaction = await connection.BeginTransactionAsync(MessagingWorld.Cancel);
        await using var hold = new Npgsql.NpgsqlCommand("DELETE FROM durable.inbox WHERE message_id IN ('old-1', 'old-2')", connection, transaction);
        await hold.ExecuteNonQueryAsync(MessagingWorld.Cancel);

        (await Inbox.ForgetAsync(world.DataSource, "test", TimeSpan.FromDays(7), limit: 100, MessagingWorld.Cancel)).ShouldBe(8);
    }

    [Fact]
    public async Task Forgetting_goes_by_the_index_also_when_the_pages_of_the_table_hold_rows_of_every_age()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await world.ExecuteAsync(
            """
            INSERT INTO durable.inbox (consumer, message_id, received_at)
            SELECT 'test', i::text, now() - interval '10 s' * hashint4(i) / 4e6 FROM generate_series(1, 20000) AS i;
            ANALYZE durable.inbox;
            """);

        var plan = await world.ScalarAsync<string>(
            """
            EXPLAIN (FORMAT JSON) SELECT ctid FROM durable.inbox WHERE consumer = 'test' AND received_at < now() - interval '1 hour'
            ORDER BY received_at LIMIT 100 FOR UPDATE SKIP LOCKED
            """);

        plan.ShouldContain("inbox_by_consumer_and_age");
        plan.ShouldNotContain("Sort");
        plan.ShouldNotContain("Seq Scan");
    }

    private static async Task<IReadOnlySet<string>> RecordAsync(MessagingWorld world, string[] ids)
    {
        await using var connection = await world.DataSource.OpenConnectionAsync(MessagingWorld.Cancel);
        await using var transaction = await connection.BeginTransactionAsync(MessagingWorld.Cancel);
        var added = await Inbox.TryRecordAsync(connection, transaction, "test", ids, MessagingWorld.Cancel);
        await transaction.CommitAsync(MessagingWorld.Cancel);
        return added;
    }
}
