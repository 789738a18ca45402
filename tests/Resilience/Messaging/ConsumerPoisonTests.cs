using Npgsql;

namespace Resilience.Tests.Messaging;

/// <summary>Messages that can be read and not handled.</summary>
public sealed class ConsumerPoisonTests(PostgresServer server)
{
    private const string Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task A_message_that_cannot_be_handled_becomes_a_letter_and_the_others_have_their_effect_once_and_in_order()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var handler = new EffectHandler();
        await KafkaMessages.SendAsync(
            kafka, new("1", "a"), new("2", "k", "poison"u8.ToArray(), Traceparent: Traceparent), new("3", "c"), new("4", "d"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 4 FROM durable.inbox");

        (await world.EffectsAsync()).ShouldBe("acd");
        var letter = (await world.LettersAsync()).ShouldHaveSingleItem();
        letter.ServiceName.ShouldBe("trips-service");
        letter.Operation.ShouldBe("process trips");
        letter.ErrorCode.ShouldBe(DeadLetterCodes.HandlerFailed);
        letter.ErrorDetail.ShouldBe("InvalidOperationException: poisoned on purpose");
        letter.RetryCount.ShouldBe(3);
        letter.Key.ShouldBe("k");
        letter.Payload.ShouldBe("poison");
        letter.PayloadEncoding.ShouldBe("utf-8");
        letter.Traceparent.ShouldBe(Traceparent);
        (letter.Source.Topic, letter.Source.Offset, letter.Source.MessageId, letter.Source.Group).ShouldBe(("trips", 1L, "2", "test"));
        (await world.ScalarAsync<Guid>("SELECT message_id FROM durable.outbox")).ShouldBe(letter.Id);
        (await world.ScalarAsync<string>("SELECT key FROM durable.outbox")).ShouldBe("k");

        await MessagingWorld.UntilAsync(() => consumer.Status is { Handled: 3, DeadLettered: 1, Parked: 0, Problem: null });
    }

    [Fact]
    public async Task A_message_is_tried_as_often_as_the_option_says()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var handler = new EffectHandler();
        await KafkaMessages.ProduceAsync(kafka, ("1", "poison"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler, options => options.MaxFailures = 5);
        await world.UntilAsync("SELECT count(*) = 1 FROM durable.inbox");

        handler.Attempts("poison").ShouldBe(5);
        (await world.LettersAsync()).Single().RetryCount.ShouldBe(5);
    }

    [Fact]
    public async Task A_message_that_recovers_in_time_is_no_letter()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var handler = new EffectHandler { FailuresLeft = 2 };
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 1 FROM effects");

        handler.Attempts("a").ShouldBe(3);
        (await world.LettersAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_ends_the_session_never_counts(bool isWrapped)
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var cutsLeft = 6;
        var handler = new EffectHandler
        {
            OnMessage = async (_, connection, transaction) =>
            {
                if (cutsLeft-- > 0)
                {
                    await CutAsync(connection, transaction, isWrapped);
                }
            },
        };
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 1 FROM effects");

        handler.Attempts("a").ShouldBe(7);
        (await world.LettersAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_broker_that_fails_the_handler_never_counts_and_loses_no_message()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var failuresLeft = 2;
        var handler = new EffectHandler
        {
            OnMessage = (_, _, _) => failuresLeft-- > 0 ? throw new Confluent.Kafka.KafkaException(Confluent.Kafka.ErrorCode.BrokerNotAvailable) : Task.CompletedTask,
        };
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"), ("2", "b"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 2 FROM effects");

        (await world.EffectsAsync()).ShouldBe("ab");
        (await world.LettersAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_error_of_the_database_that_the_handler_swallows_loses_no_message()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var handler = new EffectHandler { OnMessage = (message, connection, transaction) => message.Value == "b" ? FailQuietlyAsync(connection, transaction) : Task.CompletedTask };
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"), ("2", "b"), ("3", "c"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 3 FROM durable.inbox");

        (await world.EffectsAsync()).ShouldBe("ac");
        (await world.LettersAsync()).Single().ErrorCode.ShouldBe(DeadLetterCodes.DatabaseRefused);
    }

    [Fact]
    public async Task A_constraint_that_is_checked_at_the_commit_counts_like_any_other()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await world.ExecuteAsync("ALTER TABLE effects ADD CONSTRAINT once UNIQUE (text) DEFERRABLE INITIALLY DEFERRED");
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"), ("2", "a"), ("3", "c"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka);
        await world.UntilAsync("SELECT count(*) = 3 FROM durable.inbox");

        (await world.EffectsAsync()).ShouldBe("ac");
        (await world.LettersAsync()).Single().Source.MessageId.ShouldBe("2");
    }

    [Fact]
    public async Task A_restart_costs_a_bad_message_attempts_and_nothing_else()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var handler = new EffectHandler();
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"), ("2", "poison"), ("3", "c"));
        await using (await RunningConsumer.StartAsync(world, kafka, handler, options => options.MaxFailures = 1000))
        {
            await MessagingWorld.UntilAsync(() => handler.Attempts("poison") >= 4);
        }

        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 3 FROM durable.inbox");

        (await world.EffectsAsync()).ShouldBe("ac");
        (await world.LettersAsync()).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_poisoned_message_that_is_sent_again_makes_no_second_letter()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await KafkaMessages.ProduceAsync(kafka, ("1", "poison"), ("1", "poison"), ("2", "b"), ("1", "poison"), ("3", "c"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka);
        await world.UntilAsync("SELECT count(*) = 3 FROM durable.inbox");

        (await world.EffectsAsync()).ShouldBe("bc");
        (await world.LettersAsync()).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Identifiers_and_keys_that_the_database_cannot_store_stop_nothing()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var endless = new string('x', 5000);
        await KafkaMessages.SendAsync(
            kafka,
            new("a\0b", "poison", "k\0"),
            new("a\0b", "poison", "k\0"),
            new(endless, "b", "k\0"),
            new(endless, "b", "k\0"),
            new("", "c", "k\0"));

        await using var consumer = await RunningConsumer.StartAsync(world, kafka);
        await world.UntilAsync("SELECT count(*) = 3 FROM durable.inbox");

        (await world.EffectsAsync()).ShouldBe("bc");
        (await world.LettersAsync()).Single().Key.ShouldBe("k\0");
    }

    private static async Task CutAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, bool isWrapped)
    {
        try
        {
            await EffectHandler.ExecuteAsync(connection, transaction, "SELECT pg_terminate_backend(pg_backend_pid())");
        }
        catch (NpgsqlException exception) when (isWrapped)
        {
            throw new InvalidOperationException("The effect could not be stored.", exception);
        }
    }

    private static async Task FailQuietlyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        try
        {
            await EffectHandler.ExecuteAsync(connection, transaction, "SELECT 1 / 0");
        }
        catch (PostgresException exception)
        {
            exception.SqlState.ShouldBe(PostgresErrorCodes.DivisionByZero);
        }
    }
}
