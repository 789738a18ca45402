namespace Resilience.Tests.Messaging;

/// <summary>What a consumer meets on a bad day.</summary>
public sealed class ConsumerFailureTests(PostgresServer server)
{
    [Fact]
    public async Task What_cannot_be_decoded_is_parked_and_the_rest_goes_on()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"), ("2", "broken"), ("3", "c"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka);

        // The rows can be seen before the consumer has heard of its own commit.
        await MessagingWorld.UntilAsync(() => consumer.Status is { Handled: 2, Parked: 1 });
        (await world.ScalarAsync<string>("SELECT string_agg(text, '' ORDER BY seq) FROM effects")).ShouldBe("ac");
    }

    [Fact]
    public async Task A_handler_that_fails_gets_the_batch_again_and_nothing_is_half_done()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var handler = new EffectHandler { FailuresLeft = 2 };
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"), ("2", "b"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 2 FROM effects");

        handler.FailuresLeft.ShouldBe(0);
        (await world.ScalarAsync<string>("SELECT string_agg(text, '' ORDER BY seq) FROM effects")).ShouldBe("ab");
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_yet_is_waited_for()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await using var consumer = await RunningConsumer.StartAsync(world, kafka);

        await KafkaMessages.ProduceAsync(kafka, ("1", "a"));

        await world.UntilAsync("SELECT count(*) = 1 FROM effects");
    }
}
