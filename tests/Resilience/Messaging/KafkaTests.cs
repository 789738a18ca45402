using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Tests;

namespace ResilientShop.Resilience.Tests.Messaging;

/// <summary>The outbox and the consumer against the real protocol.</summary>
public sealed class KafkaTests(PostgresServer server)
{
    [Fact]
    public async Task Messages_of_a_key_arrive_in_order_with_their_headers()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var texts = Enumerable.Range(0, 300).Select(i => $"key{i % 7}:{i}").ToArray();
        await world.AppendAsync(texts);
        await using var relay = world.AddRelay(Publisher(kafka.BootstrapServers));
        await relay.StartAsync();

        var read = await kafka.ReadAsync("trips", messages => messages.Count >= 300, MessagingWorld.Cancel);

        foreach (var key in read.GroupBy(message => message.Message.Key))
        {
            var numbers = key.Select(message => int.Parse(Text(message).Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
            numbers.ShouldBe(numbers.Order());
        }

        read.Select(Text).Order().ShouldBe(texts.Order());
        Header(read[0], "message-type").ShouldBe("Trip");
        Guid.TryParse(Header(read[0], "message-id"), out _).ShouldBeTrue();
        await world.UntilSentAsync();
    }

    [Fact]
    public async Task A_broker_that_is_away_costs_no_message()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var nobody = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        nobody.Start();
        var address = nobody.LocalEndpoint.ToString()!;
        using var kafka = new MockKafka();
        await world.AppendAsync("a:1", "a:2");
        var publisher = new SwitchedPublisher(Publisher(address, TimeSpan.FromMilliseconds(300)), Publisher(kafka.BootstrapServers));
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();
        await publisher.HasFailed.Task;
        (await world.ScalarAsync<long>("SELECT count(*) FROM durable.outbox")).ShouldBe(2);

        publisher.IsBack = true;

        (await kafka.ReadAsync("trips", messages => messages.Count >= 2, MessagingWorld.Cancel)).Select(Text).ShouldBe(["a:1", "a:2"]);
    }

    [Fact]
    public async Task A_consumed_message_has_its_effect_once_however_often_it_is_delivered()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await ProduceAsync(kafka, ("1", "a"), ("2", "b"), ("1", "a"), ("2", "b"), ("3", "c"));

        await using (await ConsumeAsync(world, kafka))
        {
            await world.UntilAsync("SELECT count(*) = 3 FROM effects");
        }

        // Another group member without committed offsets would start over: the inbox still knows.
        await ProduceAsync(kafka, ("3", "c"), ("4", "d"));
        await using (await ConsumeAsync(world, kafka))
        {
            await world.UntilAsync("SELECT bool_or(text = 'd') FROM effects");
        }

        (await world.ScalarAsync<string>("SELECT string_agg(text, '' ORDER BY seq) FROM effects")).ShouldBe("abcd");
    }

    [Fact]
    public async Task What_cannot_be_decoded_is_parked_and_the_rest_goes_on()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await ProduceAsync(kafka, ("1", "a"), ("2", "broken"), ("3", "c"));

        await using var consumer = await ConsumeAsync(world, kafka);
        await world.UntilAsync("SELECT count(*) = 2 FROM effects");

        consumer.Status.Parked.ShouldBe(1);
        (await world.ScalarAsync<string>("SELECT string_agg(text, '' ORDER BY seq) FROM effects")).ShouldBe("ac");
    }

    [Fact]
    public async Task A_handler_that_fails_gets_the_batch_again_and_nothing_is_half_done()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var handler = new EffectHandler { FailuresLeft = 2 };
        await ProduceAsync(kafka, ("1", "a"), ("2", "b"));

        await using var consumer = await ConsumeAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 2 FROM effects");

        handler.FailuresLeft.ShouldBe(0);
        (await world.ScalarAsync<string>("SELECT string_agg(text, '' ORDER BY seq) FROM effects")).ShouldBe("ab");
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_yet_is_waited_for()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await using var consumer = await ConsumeAsync(world, kafka);

        await ProduceAsync(kafka, ("1", "a"));

        await world.UntilAsync("SELECT count(*) = 1 FROM effects");
    }

    [Fact]
    public async Task Messages_without_an_id_are_recognised_by_their_position()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        await ProduceAsync(kafka, (null, "a"), (null, "a"));
        await using var consumer = await ConsumeAsync(world, kafka);
        await world.UntilAsync("SELECT count(*) = 2 FROM effects");
    }

    [Fact]
    public async Task The_consumers_span_continues_the_senders_trace()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is DurableTelemetry.Name or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test");
        ActivityTraceId trace;
        using (var request = source.StartActivity("POST")!)
        {
            trace = request.TraceId;
            await world.AppendAsync("a:1");
        }

        await using var relay = world.AddRelay(Publisher(kafka.BootstrapServers));
        await relay.StartAsync();
        await using var consumer = await ConsumeAsync(world, kafka);
        await world.UntilAsync("SELECT count(*) = 1 FROM effects");

        SpinWait.SpinUntil(() => spans.Any(span => span.TraceId == trace && span.Kind == ActivityKind.Consumer), TimeSpan.FromSeconds(5)).ShouldBeTrue();
        var inTrace = spans.Where(span => span.TraceId == trace).Select(span => span.OperationName).ToList();
        inTrace.ShouldBe(["POST", "publish trips", "process trips"]);
    }

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

    private static async Task<IReadOnlySet<string>> RecordAsync(MessagingWorld world, string[] ids)
    {
        await using var connection = await world.DataSource.OpenConnectionAsync(MessagingWorld.Cancel);
        await using var transaction = await connection.BeginTransactionAsync(MessagingWorld.Cancel);
        var added = await Inbox.TryRecordAsync(connection, transaction, "test", ids, MessagingWorld.Cancel);
        await transaction.CommitAsync(MessagingWorld.Cancel);
        return added;
    }

    private static KafkaOutboxPublisher Publisher(string servers, TimeSpan? timeout = null) =>
        new(servers, timeout ?? TimeSpan.FromSeconds(20), NullLogger.Instance);

    private static async Task ProduceAsync(MockKafka kafka, params (string? Id, string Text)[] messages)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        foreach (var (id, text) in messages)
        {
            var headers = new Headers();
            if (id is not null)
            {
                headers.Add("message-id", Encoding.UTF8.GetBytes(id));
            }

            await producer.ProduceAsync(
                "trips", new Message<string, byte[]> { Key = "k", Value = Encoding.UTF8.GetBytes(text), Headers = headers }, MessagingWorld.Cancel);
        }
    }

    private static async Task<RunningConsumer> ConsumeAsync(MessagingWorld world, MockKafka kafka, EffectHandler? handler = null)
    {
        var consumer = new RunningConsumer(world, kafka, handler ?? new EffectHandler());
        await consumer.StartAsync();
        return consumer;
    }

    private static string Text(ConsumeResult<string, byte[]> message) => Encoding.UTF8.GetString(message.Message.Value);

    private static string Header(ConsumeResult<string, byte[]> message, string name) =>
        Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes(name));

    private sealed class RunningConsumer(MessagingWorld world, MockKafka kafka, EffectHandler handler) : IAsyncDisposable
    {
        private KafkaConsumer<string>? _consumer;

        public ConsumerStatus Status { get; } = new();

        public Task StartAsync()
        {
            var options = new KafkaConsumerOptions { Topic = "trips", GroupId = "test", PollInterval = TimeSpan.FromMilliseconds(5), MaxBackoff = TimeSpan.FromMilliseconds(100) };
            _consumer = new KafkaConsumer<string>(
                kafka.BootstrapServers, options, world.DataSource, handler, Status, TimeProvider.System, NullLogger<KafkaConsumer<string>>.Instance);
            return _consumer.StartAsync(MessagingWorld.Cancel);
        }

        public async ValueTask DisposeAsync()
        {
            await _consumer!.StopAsync(CancellationToken.None);
            _consumer.Dispose();
        }
    }

    private sealed class EffectHandler : IMessageHandler<string>
    {
        public int FailuresLeft { get; set; }

        public string Decode(ReadOnlySpan<byte> payload, string? type)
        {
            var text = Encoding.UTF8.GetString(payload);
            return text == "broken" ? throw new FormatException("broken on purpose") : text;
        }

        public async Task HandleAsync(
            IReadOnlyList<ConsumedMessage<string>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
            {
                await using var command = new NpgsqlCommand("INSERT INTO effects (text) VALUES ($1)", connection, transaction)
                {
                    Parameters = { new() { Value = message.Value } },
                };
                await command.ExecuteNonQueryAsync(cancellationToken);
            }

            if (FailuresLeft > 0)
            {
                FailuresLeft--;
                throw new InvalidOperationException("not yet");
            }
        }
    }

    /// <summary>A broker address behind which nobody answers, until it is switched.</summary>
    private sealed class SwitchedPublisher(IOutboxPublisher away, IOutboxPublisher back) : IOutboxPublisher
    {
        public volatile bool IsBack;

        public TaskCompletionSource HasFailed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<PublishResult> PublishAsync(IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
        {
            try
            {
                return await (IsBack ? back : away).PublishAsync(rows, cancellationToken);
            }
            catch (PublishException)
            {
                HasFailed.TrySetResult();
                throw;
            }
        }

        public void Dispose()
        {
            away.Dispose();
            back.Dispose();
        }
    }
}
