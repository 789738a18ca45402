using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace Services.Tests.Operations;

/// <summary>Dead letters of any service become tickets in Operations, each once: on a real database and the Kafka protocol.</summary>
public sealed class DeadLetterTests(PostgresServer postgres) : IAsyncLifetime
{
    private LetterWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await LetterWorld.StartAsync(postgres);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_letter_becomes_a_ticket_whose_priority_follows_from_its_code()
    {
        (string Code, string Priority)[] expected = [("PAYMENT_UNAVAILABLE", "P1"), ("HANDLER_FAILED", "P2"), ("MALFORMED_MESSAGE", "P3")];
        var letters = expected.Select(one => Letter(code: one.Code)).ToList();
        foreach (var letter in letters)
        {
            await _world.SendAsync(letter);
        }

        var tickets = (await TicketsAsync(expected.Length)).Reverse().ToList();
        tickets.Select(ticket => ticket.GetProperty("letterId").GetGuid()).ShouldBe(letters.Select(letter => letter.Id));
        tickets.Select(ticket => ticket.GetProperty("priority").GetString()).ShouldBe(expected.Select(one => one.Priority));
        tickets.ShouldAllBe(ticket => ticket.GetProperty("summary").GetString() == "orders - Failed" && ticket.GetProperty("status").GetString() == "open");
        tickets[0].GetProperty("labels").EnumerateArray().Select(label => label.GetString()).ShouldBe(["auto-heal", "temporal"]);
        var history = await _world.GetAsync($"/api/tickets/{tickets[0].GetProperty("number").GetInt64()}");
        history.GetProperty("comments")[0].GetProperty("text").GetString().ShouldBe("saga order: pay failed 3 times: PAYMENT_UNAVAILABLE. It answered 503.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        using var kept = await _world.Http.GetAsync($"/api/dead-letters/{letters[0].Id}", Cancel);
        (await kept.Content.ReadAsByteArrayAsync(Cancel)).ShouldBe(letters[0].ToJson(), "as it came");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_thousand_letters_at_two_replicas_sent_twice_are_a_thousand_tickets_in_the_order_of_their_keys()
    {
        await using var second = await _world.AddReplicaAsync();
        var letters = Enumerable.Range(0, 1000).Select(number => Letter(key: $"order-{number % 50}")).ToList();
        foreach (var round in new[] { 0, 1 })
        {
            await Task.WhenAll(letters.Select((letter, number) => _world.SendAsync(letter, messageId: round == 0 ? null : $"another-{number}")));
        }

        var tickets = await TicketsAsync(1000);
        await _world.SendAsync(Letter(service: "last", key: "last"));
        await _world.UntilAsync("/api/dead-letters?service=last", list => list.GetArrayLength() == 1);
        var all = await _world.GetAsync("/api/tickets?most=1000");
        tickets.Select(ticket => ticket.GetProperty("letterId").GetGuid()).Distinct().Count().ShouldBe(1000);
        all[0].GetProperty("summary").GetString().ShouldBe("last - Failed", "nothing came behind it");
        foreach (var key in Enumerable.Range(0, 50).Select(key => $"order-{key}"))
        {
            var kept = (await _world.GetAsync($"/api/dead-letters?key={key}&most=1000")).EnumerateArray().Select(letter => letter.GetProperty("id").GetGuid()).Reverse();
            var ids = letters.Where(letter => letter.Key == key).Select(letter => letter.Id).ToList();
            kept.Select(id => ids.IndexOf(id)).ShouldBe(Enumerable.Range(0, ids.Count), key);
        }

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_no_letter_is_kept_with_the_reason_and_the_next_one_is_handled()
    {
        string[] wrong = ["not json", "-source", "service_name=null", "schema_version=2"];
        foreach (var change in wrong)
        {
            await _world.SendAsync(LetterChange.Of(change), "order-1", Guid.NewGuid().ToString());
        }

        var next = Letter(key: "order-1");
        await _world.SendAsync(next);

        // What cannot be read is a letter itself, with the original as its payload.
        var letters = await _world.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == wrong.Length + 1);
        var bad = letters.EnumerateArray().Where(letter => letter.GetProperty("id").GetGuid() != next.Id).Reverse().ToList();
        foreach (var letter in bad)
        {
            (letter.GetProperty("operation").GetString(), letter.GetProperty("errorCode").GetString()).ShouldBe(("process dlq.events.v1", "MALFORMED_MESSAGE"));
        }

        bad.Select(letter => letter.GetProperty("errorDetail").GetString()).ShouldContain("JsonException: schema_version is 2; it must be 1, or a later service must read it.");
        var payloads = new List<string?>();
        foreach (var letter in bad)
        {
            payloads.Add((await _world.GetAsync($"/api/dead-letters/{letter.GetProperty("id").GetGuid()}")).GetProperty("payload").GetString());
        }

        payloads.ShouldBe(wrong.Select(change => Encoding.UTF8.GetString(LetterChange.Of(change))), ignoreOrder: true);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_question_that_is_none_is_refused_and_says_why()
    {
        foreach (var (path, field, said) in new[]
        {
            ("/api/tickets?status=broken", "status", "status is 'broken'; it must be one of open, diagnosing, healing, resolved, escalated."),
            ("/api/tickets?most=0", "most", "most is 0; it must be from 1 to 1000."),
            ("/api/dead-letters?most=1001", "most", "most is 1001; it must be from 1 to 1000."),
        })
        {
            using var answer = await _world.Http.GetAsync(path, TestContext.Current.CancellationToken);
            (await Problem.ReadAsync(answer)).Error(field).ShouldBe(said);
        }

        foreach (var path in new[] { "/api/tickets/7", $"/api/dead-letters/{Guid.NewGuid()}" })
        {
            using var answer = await _world.Http.GetAsync(path, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Letters_are_found_by_what_they_say()
    {
        await _world.SendAsync(Letter(service: "orders", key: "a"));
        await _world.SendAsync(Letter(service: "payments", code: "CARD_DECLINED", key: "b"));
        await TicketsAsync(2);

        foreach (var (query, count) in new[] { ("service=payments", 1), ("code=CARD_DECLINED", 1), ("key=a", 1), ("operation=saga order: pay", 2), ("service=orders&key=b", 0) })
        {
            (await _world.GetAsync($"/api/dead-letters?{query}")).GetArrayLength().ShouldBe(count, query);
        }

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task A_priority_that_is_none_stops_the_start()
    {
        var failure = await Should.ThrowAsync<Exception>(() => _world.AddReplicaAsync(("Healing:Priorities:CARD_DECLINED", "urgent")));
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

    private async Task<IReadOnlyList<JsonElement>> TicketsAsync(int count) =>
        [.. (await _world.UntilAsync("/api/tickets?most=1000", list => list.GetArrayLength() >= count)).EnumerateArray()];
}
