namespace Resilience.Tests.Messaging;

/// <summary>Consuming on the real protocol.</summary>
public sealed class ConsumerTests(PostgresServer server)
{
    [Fact]
    public async Task A_consumed_message_has_its_effect_once_however_often_it_is_delivered()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"), ("2", "b"), ("1", "a"), ("2", "b"), ("3", "c"));

        await using (await RunningConsumer.StartAsync(world, kafka))
        {
            await world.UntilAsync("SELECT count(*) = 3 FROM effects");
        }

        // Another group member without committed offsets would start over: the inbox still knows.
        await KafkaMessages.ProduceAsync(kafka, ("3", "c"), ("4", "d"));
        await using (await RunningConsumer.StartAsync(world, kafka))
        {
            await world.UntilAsync("SELECT bool_or(text = 'd') FROM effects");
        }

        (await world.ScalarAsync<string>("SELECT string_agg(text, '' ORDER BY seq) FROM effects")).ShouldBe("abcd");
    }

    [Fact]
    public async Task Messages_without_an_id_are_recognised_by_their_position()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await KafkaMessages.ProduceAsync(kafka, (null, "a"), (null, "a"));
        await using var consumer = await RunningConsumer.StartAsync(world, kafka);
        await world.UntilAsync("SELECT count(*) = 2 FROM effects");
    }
}
