namespace Resilience.Tests.Messaging;

public sealed class OutboxRelayTests(PostgresServer server)
{
    [Fact]
    public async Task Rows_are_sent_in_order_and_then_gone()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var publisher = new FakePublisher();
        await world.AppendAsync("a:1", "b:1", "a:2");
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();

        await world.UntilSentAsync();

        publisher.Sent.ShouldBe(["a:1", "b:1", "a:2"]);
        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task A_batch_in_doubt_stays_and_is_sent_again()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var publisher = new FakePublisher();
        publisher.Script.Enqueue(_ => throw new PublishException("broker away"));
        publisher.Script.Enqueue(_ => throw new PublishException("broker away"));
        await world.AppendAsync("a:1", "a:2");
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();

        await world.UntilSentAsync();

        publisher.Sent.ShouldBe(["a:1", "a:2"]);
        publisher.Batches.ShouldBeGreaterThanOrEqualTo(3);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_instance_whose_broker_is_away_lets_another_lead_meanwhile()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var publisher = new FakePublisher();
        var hasFailed = new TaskCompletionSource();
        for (var failures = 0; failures < 50; failures++)
        {
            publisher.Script.Enqueue(_ =>
            {
                hasFailed.TrySetResult();
                throw new PublishException("broker away");
            });
        }

        await world.AppendAsync("a:1");
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();
        await hasFailed.Task.WaitAsync(TestContext.Current.CancellationToken);

        // A connection in the pool must not keep the lock.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (await world.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") > 0)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_message_the_broker_never_takes_is_parked_and_the_others_go_on()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var publisher = new FakePublisher();
        publisher.Script.Enqueue(rows => new PublishResult([.. rows.Skip(1).Select(row => row.Id)], [(rows[0], "too large")]));
        await world.AppendAsync("a:1", "b:1");
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();

        await world.UntilSentAsync();

        publisher.Sent.ShouldBe(["b:1"]);
        (await world.ScalarAsync<string>("SELECT parked_for FROM durable.outbox")).ShouldBe("too large");
    }

    [Fact]
    public async Task Of_two_instances_one_relays_until_it_is_gone()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var (first, second) = (new FakePublisher(), new FakePublisher());
        var leader = world.AddRelay(first);
        await leader.StartAsync();
        await world.AppendAsync("a:1");
        await world.UntilSentAsync();
        await using var standby = world.AddRelay(second);
        await standby.StartAsync();
        await world.AppendAsync("a:2");
        await world.UntilSentAsync();
        second.Sent.ShouldBeEmpty();

        await leader.DisposeAsync();
        await world.AppendAsync("a:3");
        await world.UntilSentAsync();

        first.Sent.ShouldBe(["a:1", "a:2"]);
        second.Sent.ShouldBe(["a:3"]);
    }

    [Fact]
    public async Task A_relay_whose_connection_breaks_comes_back()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var publisher = new FakePublisher();
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();
        await world.AppendAsync("a:1");
        await world.UntilSentAsync();

        await world.ScalarAsync<long>(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        world.DataSource.Clear();
        await world.AppendAsync("a:2");
        await world.UntilSentAsync();

        publisher.Sent.ShouldBe(["a:1", "a:2"]);
    }

    [Fact]
    public async Task What_a_transaction_took_back_is_never_sent()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await using (var connection = await world.DataSource.OpenConnectionAsync(MessagingWorld.Cancel))
        {
            await using var transaction = await connection.BeginTransactionAsync(MessagingWorld.Cancel);
            await using var batch = new Npgsql.NpgsqlBatch(connection, transaction);
            Outbox.Append(batch, new OutboxMessage(Guid.NewGuid(), "trips", "a", "Trip", [1]));
            await batch.ExecuteNonQueryAsync(MessagingWorld.Cancel);
            await transaction.RollbackAsync(MessagingWorld.Cancel);
        }

        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task More_rows_than_a_batch_holds_keep_their_order()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        world.Options.BatchSize = 7;
        var publisher = new FakePublisher();
        var texts = Enumerable.Range(0, 50).Select(i => $"k:{i}").ToArray();
        await world.AppendAsync(texts);
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();

        await world.UntilSentAsync();

        publisher.Sent.ShouldBe(texts);
        publisher.Batches.ShouldBe(8);
    }
}
