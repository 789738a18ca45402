using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using ResilientShop.Resilience.Durable;
using ResilientShop.Tests;

namespace ResilientShop.Services.Tests.Operations;

/// <summary>Dead letters of any service become tickets in Operations, each once: on a real database and the Kafka protocol.</summary>
public sealed class DeadLetterTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly MockKafka _kafka = new();
    private string _database = null!;
    private OperationsHost _host = null!;
    private IProducer<string, byte[]> _producer = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _host = await StartAsync();
        _producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = _kafka.BootstrapServers, MessageMaxBytes = 6_000_000 }).Build();
    }

    public async ValueTask DisposeAsync()
    {
        _producer.Dispose();
        await _host.DisposeAsync();
        _kafka.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("PAYMENT_UNAVAILABLE", "P1")]
    [InlineData("HANDLER_FAILED", "P2")]
    [InlineData("MALFORMED_MESSAGE", "P3")]
    public async Task A_letter_becomes_a_ticket_whose_priority_follows_from_its_code(string code, string priority)
    {
        var letter = Letter(code: code);
        await SendAsync(letter);

        var ticket = (await TicketsAsync(1))[0];
        ticket.GetProperty("letterId").GetGuid().ShouldBe(letter.Id);
        ticket.GetProperty("summary").GetString().ShouldBe("orders - Failed");
        ticket.GetProperty("priority").GetString().ShouldBe(priority);
        ticket.GetProperty("labels").EnumerateArray().Select(label => label.GetString()).ShouldBe(["auto-heal", "temporal"]);
        ticket.GetProperty("status").GetString().ShouldBe("open");
        var history = await GetAsync($"/api/tickets/{ticket.GetProperty("number").GetInt64()}");
        history.GetProperty("comments")[0].GetProperty("text").GetString().ShouldBe($"saga order: pay failed 3 times: {code}. It answered 503.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        using var kept = await _host.Http.GetAsync($"/api/dead-letters/{letter.Id}", Cancel);
        (await kept.Content.ReadAsByteArrayAsync(Cancel)).ShouldBe(letter.ToJson(), "as it came");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_thousand_letters_at_two_replicas_sent_twice_are_a_thousand_tickets_in_the_order_of_their_keys()
    {
        await using var second = await StartAsync();
        var letters = Enumerable.Range(0, 1000).Select(number => Letter(key: $"order-{number % 50}")).ToList();
        foreach (var round in new[] { 0, 1 })
        {
            await Task.WhenAll(letters.Select((letter, number) => SendAsync(letter, messageId: round == 0 ? null : $"another-{number}")));
        }

        var tickets = await TicketsAsync(1000);
        await SendAsync(Letter(service: "last"));
        await UntilAsync("/api/dead-letters?service=last", list => list.GetArrayLength() == 1);
        var all = await GetAsync("/api/tickets?most=1000");
        tickets.Select(ticket => ticket.GetProperty("letterId").GetGuid()).Distinct().Count().ShouldBe(1000);
        all[0].GetProperty("summary").GetString().ShouldBe("last - Failed", "nothing came behind it");
        foreach (var key in Enumerable.Range(0, 50).Select(key => $"order-{key}"))
        {
            var kept = (await GetAsync($"/api/dead-letters?key={key}&most=1000")).EnumerateArray().Select(letter => letter.GetProperty("id").GetGuid()).Reverse();
            kept.ShouldBe(letters.Where(letter => letter.Key == key).Select(letter => letter.Id));
        }

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("not json", "'n' is an invalid start of a value")]
    [InlineData("[]", "could not be converted")]
    [InlineData("null", "The letter is null.")]
    [InlineData("-service_name", "service_name")]
    [InlineData("-source", "source")]
    [InlineData("service_name=null", "service_name is null; it must have 1 to 200 printable characters.")]
    [InlineData("service_name=\"\"", "service_name is ''")]
    [InlineData("error_detail=null", "error_detail is null")]
    [InlineData("key=null", "key is null")]
    [InlineData("source=null", "source is null")]
    [InlineData("retry_count=\"three\"", "retry_count")]
    [InlineData("retry_count=-1", "retry_count is -1; it must be 0 or more.")]
    [InlineData("schema_version=2", "schema_version is 2; it must be 1, or a later service must read it.")]
    [InlineData("id=\"00000000-0000-0000-0000-000000000000\"", "id is empty")]
    [InlineData("id=\"12\"", "id")]
    [InlineData("source={\"kind\":\"rain\"}", "source.kind is 'rain'; it must be message or saga.")]
    [InlineData("source={\"kind\":\"saga\"}", "source.saga_id is missing; it must be a UUID.")]
    [InlineData("source={\"kind\":\"message\"}", "source.topic and source.message_id must say which message it was.")]
    public async Task What_is_no_letter_is_kept_with_the_reason_and_the_next_one_is_handled(string change, string reason)
    {
        await SendAsync(Changed(change), "order-1", Guid.NewGuid().ToString());
        var next = Letter(key: "order-1");
        await SendAsync(next);

        // What cannot be read is a letter itself, with the original as its payload.
        var letters = await UntilAsync("/api/dead-letters", list => list.GetArrayLength() == 2);
        var bad = letters.EnumerateArray().Single(letter => letter.GetProperty("id").GetGuid() != next.Id);
        (bad.GetProperty("serviceName").GetString(), bad.GetProperty("operation").GetString(), bad.GetProperty("errorCode").GetString())
            .ShouldBe((bad.GetProperty("serviceName").GetString(), "process dlq.events.v1", "MALFORMED_MESSAGE"));
        bad.GetProperty("errorDetail").GetString().ShouldNotBeNull().ShouldContain(reason);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        var kept = await GetAsync($"/api/dead-letters/{bad.GetProperty("id").GetGuid()}");
        kept.GetProperty("payload").GetString().ShouldBe(Encoding.UTF8.GetString(Changed(change)));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/api/tickets?status=broken", "status", "status is 'broken'; it must be one of open, diagnosing, healing, resolved, escalated.")]
    [InlineData("/api/tickets?most=0", "most", "most is 0; it must be from 1 to 1000.")]
    [InlineData("/api/dead-letters?most=1001", "most", "most is 1001; it must be from 1 to 1000.")]
    public async Task A_question_that_is_none_is_refused_and_says_why(string path, string field, string said)
    {
        using var answer = await _host.Http.GetAsync(path, TestContext.Current.CancellationToken);
        (await Problem.ReadAsync(answer)).Error(field).ShouldBe(said);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_not_there_is_not_found()
    {
        foreach (var path in new[] { "/api/tickets/7", $"/api/dead-letters/{Guid.NewGuid()}" })
        {
            using var answer = await _host.Http.GetAsync(path, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Letters_are_found_by_what_they_say()
    {
        await SendAsync(Letter(service: "orders", key: "a"));
        await SendAsync(Letter(service: "payments", code: "CARD_DECLINED", key: "b"));
        await TicketsAsync(2);

        foreach (var (query, count) in new[] { ("service=payments", 1), ("code=CARD_DECLINED", 1), ("key=a", 1), ("operation=saga order: pay", 2), ("service=orders&key=b", 0) })
        {
            (await GetAsync($"/api/dead-letters?{query}")).GetArrayLength().ShouldBe(count, query);
        }

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task A_priority_that_is_none_stops_the_start()
    {
        var failure = await Should.ThrowAsync<Exception>(() => StartAsync(("Healing:Priorities:CARD_DECLINED", "urgent")));
        failure.ToString().ShouldContain("Healing:Priorities:CARD_DECLINED is 'urgent'; it must be one of P1, P2, P3, P4, P5.");
    }

    private static DeadLetter Letter(string service = "orders", string code = "PAYMENT_UNAVAILABLE", string key = "order-1") => new()
    {
        ServiceName = service,
        Operation = "saga order: pay",
        ErrorCode = code,
        ErrorDetail = "It answered 503.",
        RetryCount = 3,
        Key = key,
        Source = DeadLetterSource.Saga(Guid.NewGuid(), "pay"),
        Time = DateTimeOffset.UnixEpoch,
        Payload = """{"orderId":"o-1"}""",
    };

    /// <summary>A letter without a field (<c>-field</c>), with another value in it (<c>field=json</c>), or something else altogether.</summary>
    private static byte[] Changed(string change)
    {
        var letter = new DeadLetter
        {
            ServiceName = "orders",
            Operation = "saga order: pay",
            ErrorCode = "PAYMENT_UNAVAILABLE",
            ErrorDetail = "It answered 503.",
            RetryCount = 3,
            Key = "order-1",
            Source = DeadLetterSource.Saga(new Guid("11111111-1111-1111-1111-111111111111"), "pay"),
            Time = DateTimeOffset.UnixEpoch,
        };
        var body = JsonNode.Parse(letter.ToJson())!.AsObject();
        if (change.StartsWith('-'))
        {
            body.Remove(change[1..]);
        }
        else if (change.Split('=', 2) is [var field, var value])
        {
            body[field] = JsonNode.Parse(value);
        }
        else
        {
            return Encoding.UTF8.GetBytes(change);
        }

        return JsonSerializer.SerializeToUtf8Bytes(body);
    }

    private Task<OperationsHost> StartAsync(params (string, string)[] settings) =>
        OperationsHost.StartAsync(postgres, _kafka.BootstrapServers, [("ConnectionStrings:operationsdb", _database), .. settings]);

    private Task SendAsync(DeadLetter letter, string? messageId = null) => SendAsync(letter.ToJson(), letter.Key, messageId ?? letter.Id.ToString());

    private Task SendAsync(byte[] payload, string key, string messageId) => _producer.ProduceAsync(
        DeadLetter.Topic, new Message<string, byte[]> { Key = key, Value = payload, Headers = new Headers { { "message-id", Encoding.UTF8.GetBytes(messageId) } } }, Cancel);

    private async Task<IReadOnlyList<JsonElement>> TicketsAsync(int count) =>
        [.. (await UntilAsync("/api/tickets?most=1000", list => list.GetArrayLength() >= count)).EnumerateArray()];

    private Task<JsonElement> GetAsync(string path) => _host.Http.GetFromJsonAsync<JsonElement>(path, Cancel);

    private async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var answer = await GetAsync(path);
            if (isReached(answer))
            {
                return answer;
            }

            await timer.WaitForNextTickAsync(Cancel);
        }
    }
}
