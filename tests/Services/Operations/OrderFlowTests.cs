using System.Net;
using System.Text;
using System.Text.Json;

namespace Services.Tests.Operations;

public sealed class OrderFlowTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_add_up_and_a_cancellation_takes_back_what_was_confirmed()
    {
        using var kafka = new MockKafka();
        using var events = new OrderEventProducer(kafka.BootstrapServers);
        await using var operations = await OperationsHost.StartAsync(postgres, kafka.BootstrapServers);
        Guid confirmed = Guid.NewGuid(), returned = Guid.NewGuid(), refused = Guid.NewGuid(), euro = Guid.NewGuid();

        foreach (var one in new[]
        {
            OperationsHost.Event(OrderEventTypes.Placed, confirmed),
            OperationsHost.Event(OrderEventTypes.Placed, returned),
            OperationsHost.Event(OrderEventTypes.Placed, refused),
            OperationsHost.Event(OrderEventTypes.Placed, euro),
            OperationsHost.Event(OrderEventTypes.Confirmed, confirmed, 10.25m),
            OperationsHost.Event(OrderEventTypes.Confirmed, returned, 99),
            OperationsHost.Event(OrderEventTypes.Cancelled, refused, 5, failureCode: ProblemCodes.OutOfStock),
            OperationsHost.Event(OrderEventTypes.Confirmed, euro, 7, "EUR"),
            OperationsHost.Event(OrderEventTypes.Cancelled, returned, 99, failureCode: ProblemCodes.CancelledByCustomer),
        })
        {
            await events.SendAsync(one);
        }

        var summary = await operations.WaitAsync(summary => summary.Events.Values.Sum() == 9);
        summary.Events[OrderEventTypes.Placed].ShouldBe(4);
        summary.Events[OrderEventTypes.Confirmed].ShouldBe(3);
        summary.Events[OrderEventTypes.Cancelled].ShouldBe(2);
        summary.ConfirmedMoney.ShouldBe([new ConfirmedMoney("EUR", 1, 7), new ConfirmedMoney("GBP", 1, 10.25m)]);
        summary.RecentEvents.Count.ShouldBe(9);
        summary.RecentEvents.ShouldContain(one => one.OrderId == refused && one.FailureCode == ProblemCodes.OutOfStock);
        summary.Consumer.Problem.ShouldBeNull();
    }

    [Fact]
    public async Task A_message_that_comes_again_counts_once()
    {
        using var kafka = new MockKafka();
        using var events = new OrderEventProducer(kafka.BootstrapServers);
        await using var operations = await OperationsHost.StartAsync(postgres, kafka.BootstrapServers);
        var repeated = OperationsHost.Event(OrderEventTypes.Confirmed, Guid.NewGuid());

        await events.SendAsync(repeated);
        await operations.WaitAsync(summary => summary.Events.Count == 1);
        await events.SendAsync(repeated);
        await events.SendAsync(repeated);
        await events.SendAsync(OperationsHost.Event(OrderEventTypes.Placed, repeated.OrderId));

        var summary = await operations.WaitAsync(summary => summary.Events.Count == 2);
        summary.Events[OrderEventTypes.Confirmed].ShouldBe(1);
        summary.ConfirmedMoney.ShouldBe([new ConfirmedMoney("GBP", 1, 10)]);
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_set_aside_and_the_rest_goes_on()
    {
        using var kafka = new MockKafka();
        using var events = new OrderEventProducer(kafka.BootstrapServers);
        await using var operations = await OperationsHost.StartAsync(postgres, kafka.BootstrapServers);
        var order = Guid.NewGuid();

        await events.SendAsync("not json"u8.ToArray(), order, Guid.NewGuid());
        await events.SendAsync("{}"u8.ToArray(), order, Guid.NewGuid());
        await events.SendAsync(OperationsHost.Event(OrderEventTypes.Placed, order));

        var summary = await operations.WaitAsync(summary => summary.Consumer.Handled == 1);
        summary.Consumer.Parked.ShouldBe(2);
        summary.Consumer.DeadLettered.ShouldBe(2);
        summary.Events[OrderEventTypes.Placed].ShouldBe(1);
        var letters = (await kafka.ReadAsync(DeadLetter.Topic, messages => messages.Count >= 2, Cancel)).Select(message => DeadLetter.Parse(message.Message.Value)).ToList();
        letters.Select(letter => letter.Payload).ShouldBe(["not json", "{}"]);
        letters.ShouldAllBe(letter => letter.ErrorCode == DeadLetterCodes.MalformedMessage && letter.Key == order.ToString());
    }

    [Fact]
    public async Task Only_the_last_events_are_kept_and_the_newest_comes_first()
    {
        using var kafka = new MockKafka();
        using var events = new OrderEventProducer(kafka.BootstrapServers);
        await using var operations = await OperationsHost.StartAsync(postgres, kafka.BootstrapServers);
        var order = Guid.NewGuid();

        await Task.WhenAll(Enumerable.Range(1, 200).Select(total => events.SendAsync(OperationsHost.Event(OrderEventTypes.Placed, order, total))));

        var summary = await operations.WaitAsync(summary => summary.Events.Values.Sum() == 200);
        summary.RecentEvents.Count.ShouldBeInRange(1, 50);
        summary.RecentEvents[0].Total.ShouldBe(200);
    }

    [Fact]
    public async Task Without_a_broker_the_page_is_there_and_says_so()
    {
        await using var operations = await OperationsHost.StartAsync(postgres, "127.0.0.1:1");

        var summary = await operations.WaitAsync(summary => summary.Consumer.Problem is not null);

        summary.Events.ShouldBeEmpty();
        (await operations.Http.GetAsync("/health", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_stream_brings_the_summary_at_once_and_ends_when_the_service_stops()
    {
        using var kafka = new MockKafka();
        await using var operations = await OperationsHost.StartAsync(postgres, kafka.BootstrapServers);

        using var response = await operations.Http.GetAsync("/api/summary/stream", HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var stream = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        var first = await stream.ReadLineAsync(Cancel);

        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        first!.ShouldStartWith("data: {\"asOf\":");
        JsonDocument.Parse(first["data: ".Length..]).RootElement.GetProperty("consumer").GetProperty("handled").GetInt64().ShouldBe(0);
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/page.css", "text/css")]
    [InlineData("/page.js", "text/javascript")]
    [InlineData("/icon.svg", "image/svg+xml")]
    public async Task The_page_is_served_whole_and_names_no_other_host(string path, string contentType)
    {
        using var kafka = new MockKafka();
        await using var operations = await OperationsHost.StartAsync(postgres, kafka.BootstrapServers);

        var response = await operations.Http.GetAsync(path, Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(contentType);
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'self'");
        (await response.Content.ReadAsStringAsync(Cancel)).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("//www");
    }

    [Theory]
    [InlineData("{\"orderId\":\"0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10\",\"type\":\"OrderPlaced\",\"currency\":\"GBP\"}", "eventId")]
    [InlineData("{\"eventId\":\"0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10\",\"type\":\"OrderPlaced\",\"currency\":\"GBP\"}", "orderId")]
    [InlineData("{\"eventId\":\"0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10\",\"orderId\":\"0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10\",\"currency\":\"GBP\"}", "type")]
    [InlineData("{\"eventId\":\"0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10\",\"orderId\":\"0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10\",\"type\":\"OrderPlaced\"}", "currency")]
    [InlineData("null", "null")]
    public void An_incomplete_event_says_what_it_lacks(string payload, string expected) =>
        Should.Throw<JsonException>(() => new OrderEventHandler().Decode(Encoding.UTF8.GetBytes(payload), null)).Message.ShouldContain(expected);
}
