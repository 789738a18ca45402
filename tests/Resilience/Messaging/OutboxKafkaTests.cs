using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Resilience.Tests.Messaging;

/// <summary>The outbox against the real protocol.</summary>
public sealed class OutboxKafkaTests(PostgresServer server)
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
            var numbers = key.Select(message => int.Parse(message.Text().Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
            numbers.ShouldBe(numbers.Order());
        }

        read.Select(KafkaMessages.Text).Order().ShouldBe(texts.Order());
        read[0].Header("message-type").ShouldBe("Trip");
        Guid.TryParse(read[0].Header("message-id"), out _).ShouldBeTrue();
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

        (await kafka.ReadAsync("trips", messages => messages.Count >= 2, MessagingWorld.Cancel)).Select(KafkaMessages.Text).ShouldBe(["a:1", "a:2"]);
    }

    [Fact]
    public async Task The_release_channel_goes_with_a_message_to_whoever_handles_it()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        using (CallContext.Use(CallContext.None with { Channel = ReleaseChannel.Canary }))
        {
            await world.AppendAsync("a:1");
        }

        await world.AppendAsync("a:2");
        await using var relay = world.AddRelay(Publisher(kafka.BootstrapServers));
        await relay.StartAsync();

        var read = await kafka.ReadAsync("trips", messages => messages.Count >= 2, MessagingWorld.Cancel);
        read.Select(message => message.Message.Headers.TryGetLastBytes("X-Release-Channel", out var channel) ? System.Text.Encoding.UTF8.GetString(channel) : null).ShouldBe(["canary", null]);
        var channels = new System.Collections.Concurrent.ConcurrentDictionary<string, ReleaseChannel>();
        var handler = new EffectHandler
        {
            OnMessage = (message, _, _) =>
            {
                channels[message.Value] = message.Channel;
                return Task.CompletedTask;
            },
        };
        await using var consumer = await RunningConsumer.StartAsync(world, kafka, handler);
        await world.UntilAsync("SELECT count(*) = 2 FROM effects");
        channels.ShouldBe(new Dictionary<string, ReleaseChannel> { ["a:1"] = ReleaseChannel.Canary, ["a:2"] = ReleaseChannel.Stable }, ignoreOrder: true);
    }

    [Fact]
    public async Task The_consumers_span_continues_the_senders_trace()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        using var kafka = new MockKafka();
        using var spans = new SpanRecorder();
        ActivityTraceId trace;
        using (var request = spans.StartRequest())
        {
            trace = request.TraceId;
            await world.AppendAsync("a:1");
        }

        await using var relay = world.AddRelay(Publisher(kafka.BootstrapServers));
        await relay.StartAsync();
        await using var consumer = await RunningConsumer.StartAsync(world, kafka);
        (await spans.UntilAsync(trace, "process trips", MessagingWorld.Cancel)).ShouldBe(["POST", "publish trips", "process trips"]);
    }

    private static KafkaOutboxPublisher Publisher(string servers, TimeSpan? timeout = null) =>
        new(servers, timeout ?? TimeSpan.FromSeconds(20), NullLogger.Instance);
}
