using Microsoft.Extensions.Time.Testing;

namespace Resilience.Tests.Messaging;

/// <summary>The inbox stays small while messages never stop coming.</summary>
public sealed class ConsumerRetentionTests(PostgresServer server)
{
    [Fact]
    public async Task Old_messages_are_forgotten_while_every_batch_is_full()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await world.RecordOldAsync(5_000);
        var oldLeft = new List<long>();
        var handler = new EffectHandler
        {
            OnMessage = async (message, _, _) =>
            {
                // 400 messages make 40 full batches: none of these looks is at a moment without messages.
                if (message.Value is "10" or "100" or "390")
                {
                    oldLeft.Add(await world.ScalarAsync<long>("SELECT count(*) FROM durable.inbox WHERE message_id LIKE 'old-%'"));
                }
            },
        };
        await KafkaMessages.SendAsync(kafka, [.. Enumerable.Range(1, 400).Select(i => new StrangersMessage($"{i}", $"{i}"))]);

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler, options => options.BatchSize = 10);
        await world.UntilAsync("SELECT count(*) = 400 FROM effects");

        oldLeft.Last().ShouldBe(0);
        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.inbox")).ShouldBe(400);
    }

    [Fact]
    public async Task A_round_is_bounded_catches_up_and_then_rests()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var time = new FakeTimeProvider();
        var cleaner = new InboxCleaner(world.DataSource, "test", TimeSpan.FromDays(7), batchSize: 10, time);
        await world.RecordOldAsync(2_500);

        (await LeftAfterCleaningAsync()).ShouldBe(1_500);
        (await LeftAfterCleaningAsync()).ShouldBe(500);
        (await LeftAfterCleaningAsync()).ShouldBe(0);
        await world.RecordOldAsync(10);
        (await LeftAfterCleaningAsync()).ShouldBe(10);
        time.Advance(TimeSpan.FromMinutes(1));
        (await LeftAfterCleaningAsync()).ShouldBe(0);

        async Task<long> LeftAfterCleaningAsync()
        {
            await cleaner.CleanAsync(MessagingWorld.Cancel);
            return await world.ScalarAsync<long>("SELECT count(*) FROM durable.inbox");
        }
    }

    [Fact]
    public async Task A_round_forgets_more_than_full_batches_of_any_size_bring()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var cleaner = new InboxCleaner(world.DataSource, "test", TimeSpan.FromDays(7), batchSize: 3_000, new FakeTimeProvider());
        await world.RecordOldAsync(6_001);
        var left = new List<long>();
        for (var batch = 0; batch < 3; batch++)
        {
            await world.ExecuteAsync($"INSERT INTO durable.inbox SELECT 'test', '{batch}-' || i, now() - interval '8 days' FROM generate_series(1, 3000) AS i");
            await cleaner.CleanAsync(MessagingWorld.Cancel);
            left.Add(await world.ScalarAsync<long>("SELECT count(*) FROM durable.inbox"));
        }

        left.ShouldBe([3_001, 1, 0]);
    }
}
