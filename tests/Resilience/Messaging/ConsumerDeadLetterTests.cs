using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Resilience.Tests.Messaging;

/// <summary>Letters on their way, and what a consumer needs for them.</summary>
public sealed class ConsumerDeadLetterTests(PostgresServer server)
{
    [Fact]
    public async Task Letters_arrive_on_their_topic_with_the_key_of_what_failed()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        byte[] notText = [0xFF, 0xFE, 0x00];
        await KafkaMessages.SendAsync(
            kafka, new("1", "poison", "x"), new("2", "broken", "x"), new("3", "y", [.. "broken"u8, .. notText]), new("4", "d", "x"));
        await using var relay = world.AddRelay(Publisher(kafka));
        await relay.StartAsync();
        await using var consumer = await RunningConsumer.StartAsync(world, kafka);

        var read = await kafka.ReadAsync(DeadLetter.Topic, messages => messages.Count >= 3, MessagingWorld.Cancel);

        var letters = read.Select(message => (message, Letter: DeadLetter.Parse(message.Message.Value))).ToList();
        letters.Where(one => one.message.Message.Key == "x").Select(one => one.Letter.Source.MessageId).ShouldBe(["1", "2"]);
        letters.ShouldAllBe(one => one.message.Header("message-id") == one.Letter.Id.ToString() && one.message.Header("message-type") == "DeadLetter");
        var binary = letters.Single(one => one.message.Message.Key == "y").Letter;
        (binary.PayloadEncoding, binary.ErrorCode, binary.RetryCount).ShouldBe(("base64", DeadLetterCodes.MalformedMessage, 0));
        binary.ReadPayload().ShouldBe([.. "broken"u8, .. notText]);
        await world.UntilAsync("SELECT count(*) = 4 FROM durable.inbox");
        (await world.EffectsAsync()).ShouldBe("d");
    }

    [Theory]
    [InlineData("poison")]
    [InlineData("broken")]
    public async Task A_payload_of_five_megabytes_becomes_a_letter_that_the_broker_takes(string text)
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var payload = Encoding.UTF8.GetBytes(text.PadRight(5_000_000, '"'));
        await KafkaMessages.SendAsync(kafka, new("1", "k", payload), new StrangersMessage("2", "b"));
        await using var relay = world.AddRelay(Publisher(kafka));
        await relay.StartAsync();
        await using var consumer = await RunningConsumer.StartAsync(world, kafka);

        var read = await kafka.ReadAsync(DeadLetter.Topic, messages => messages.Count >= 1, MessagingWorld.Cancel);

        var letter = DeadLetter.Parse(read[0].Message.Value);
        (letter.PayloadTruncated, letter.PayloadBytes).ShouldBe((true, 5_000_000L));
        letter.ReadPayload().ShouldBe(payload[..DeadLetter.MaxPayloadBytes]);
        await world.UntilAsync("SELECT count(*) = 2 FROM durable.inbox");
        await world.UntilSentAsync();
        (await world.EffectsAsync()).ShouldBe("b");
    }

    [Fact]
    public async Task More_large_rows_than_the_producer_buffers_are_relayed_all_the_same()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await world.AppendAsync([.. Enumerable.Range(0, 60).Select(i => $"k:{i}:".PadRight(900_000, '.'))]);
        await world.AppendAsync("k:too large:".PadRight(5_000_000, '.'), "k:60:");
        await using var relay = world.AddRelay(Publisher(kafka));
        await relay.StartAsync();

        await world.UntilSentAsync();

        // The in-memory broker keeps only the last megabytes.
        var read = await kafka.ReadAsync("trips", messages => messages.Any(message => message.Text() == "k:60:"), MessagingWorld.Cancel);
        var numbers = read.Select(message => int.Parse(message.Text().Split(':')[1], CultureInfo.InvariantCulture)).ToList();
        numbers.ShouldBe(Enumerable.Range(61 - numbers.Count, numbers.Count));
        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.outbox WHERE parked_at IS NOT NULL")).ShouldBe(1);
    }

    [Fact]
    public async Task Without_the_outbox_table_a_consumer_does_not_start_and_says_what_to_add()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await world.ExecuteAsync("DROP TABLE durable.outbox");

        var refusal = await Should.ThrowAsync<InvalidOperationException>(() => RunningConsumer.StartAsync(world, kafka));

        refusal.Message.ShouldContain("DurableSchema.Outbox");
        refusal.Message.ShouldContain("trips");
    }

    [Fact]
    public async Task Without_an_outbox_registered_a_host_does_not_start_and_says_what_to_add()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var host = Host(world, services => { });

        var refusal = await Should.ThrowAsync<InvalidOperationException>(() => host.StartAsync(MessagingWorld.Cancel));

        refusal.Message.ShouldContain("AddOutbox");
        refusal.Message.ShouldContain("DurableSchema.Outbox");
    }

    [Fact]
    public async Task A_service_with_an_outbox_starts_and_its_letters_name_it()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await KafkaMessages.ProduceAsync(kafka, ("1", "broken"));
        using var host = Host(world, services => services.AddOutbox(), ("ConnectionStrings:kafka", kafka.BootstrapServers), ("OTEL_SERVICE_NAME", "trips-of-otel"));
        await host.StartAsync(MessagingWorld.Cancel);

        var read = await kafka.ReadAsync(DeadLetter.Topic, messages => messages.Count >= 1, MessagingWorld.Cancel);

        DeadLetter.Parse(read[0].Message.Value).ServiceName.ShouldBe("trips-of-otel");
        await host.StopAsync(MessagingWorld.Cancel);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public void A_limit_of_failures_that_makes_no_sense_is_refused(int maxFailures) =>
        Should.Throw<ValidationException>(() => new ServiceCollection().AddKafkaConsumer<string, EffectHandler>(
            options => (options.Topic, options.GroupId, options.MaxFailures) = ("trips", "test", maxFailures))).Message.ShouldContain("MaxFailures");

    [Fact]
    public async Task Letters_are_counted_by_their_cause()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var counted = new ConcurrentQueue<(string Name, string? Code)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == DurableTelemetry.Name && instrument.Name is "inbox.dead_lettered" or "inbox.parked")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value?.ToString());
            if (all["messaging.consumer.group.name"] == "counted")
            {
                counted.Enqueue((instrument.Name, all.GetValueOrDefault("error.type")));
            }
        });
        listener.Start();
        await KafkaMessages.ProduceAsync(kafka, ("1", "poison"), ("2", "broken"), ("3", "c"));

        await using (await RunningConsumer.StartAsync(world, kafka, configure: options => options.GroupId = "counted"))
        {
            await world.UntilAsync("SELECT count(*) = 3 FROM durable.inbox");
        }

        counted.ShouldBe([("inbox.dead_lettered", "HANDLER_FAILED"), ("inbox.parked", null), ("inbox.dead_lettered", "MALFORMED_MESSAGE")]);
    }

    private static IHost Host(MessagingWorld world, Action<IServiceCollection> configure, params (string Name, string Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "Trips" });
        builder.Configuration["ConnectionStrings:kafka"] = "127.0.0.1:1";
        foreach (var (name, value) in settings)
        {
            builder.Configuration[name] = value;
        }

        builder.Services.AddSingleton<NpgsqlDataSource>(_ => NpgsqlDataSource.Create(world.ConnectionString));
        builder.Services.AddKafkaConsumer<string, EffectHandler>(options => (options.Topic, options.GroupId) = ("trips", "test"));
        configure(builder.Services);
        return builder.Build();
    }

    private static KafkaOutboxPublisher Publisher(MockKafka kafka) => new(kafka.BootstrapServers, TimeSpan.FromSeconds(20), NullLogger.Instance);
}
