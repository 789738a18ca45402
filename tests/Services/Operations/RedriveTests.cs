using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Npgsql;

namespace Services.Tests.Operations;

/// <summary>Dead letters are sent again: to the group that failed, in their order, at a capped rate, each once. On a real database and the Kafka protocol.</summary>
public sealed class RedriveTests(PostgresServer postgres) : IAsyncLifetime
{
    private LetterWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await LetterWorld.StartAsync(postgres);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_message_that_could_not_be_handled_has_its_effect_when_it_is_sent_again_and_once()
    {
        var letter = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));

        var dry = await RedriveAsync(new { ids = new[] { letter.Id }, dryRun = true });
        (dry.GetProperty("dryRun").GetBoolean(), dry.GetProperty("matched").GetInt32(), dry.GetProperty("planned").GetInt32()).ShouldBe((true, 1, 1));
        (await RedriveAsync(new { ids = new[] { letter.Id } })).GetProperty("planned").GetInt32().ShouldBe(1);
        await _world.Host.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 1);

        var ticket = (await _world.GetAsync("/api/tickets"))[0];
        var resolved = await _world.UntilAsync($"/api/tickets/{ticket.GetProperty("number").GetInt64()}", one => one.GetProperty("ticket").GetProperty("status").GetString() == "resolved");
        var comments = resolved.GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!).ToList();
        comments[1].ShouldMatch("^Sent again to orders.events.v1, for group operations as message [0-9a-f-]{36}, by ann: drill$");
        comments[2].ShouldBe("What ann had tried again: healed. Group operations has handled it.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task Only_the_group_that_failed_gets_it_again_in_the_trace_of_the_original()
    {
        const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var letter = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid()), group: "another") with { Traceparent = Trace });
        await RedriveAsync(new { ids = new[] { letter.Id } });

        var sent = (await _world.Kafka.ReadAsync(Topics.OrderEvents, read => read.Count == 1, TestContext.Current.CancellationToken))[0];
        Header(sent, "only-group").ShouldBe("another");
        Header(sent, "message-id").ShouldNotBe(letter.Source.MessageId);
        Header(sent, "traceparent").ShouldContain("0af7651916cd43dd8448eb211c80319c");
        sent.Message.Key.ShouldBe(letter.Key);
        sent.Message.Value.ShouldBe(letter.ReadPayload());

        // One that is for everybody comes behind it in its partition, and is the only one that counts.
        await _world.ProduceAsync(
            new TopicPartition(Topics.OrderEvents, sent.Partition),
            new Message<string, byte[]> { Key = letter.Key, Value = Payload(OperationsHost.Event(OrderEventTypes.Confirmed, Guid.NewGuid())) });
        (await _world.Host.WaitAsync(summary => summary.Events.ContainsKey(OrderEventTypes.Confirmed))).Events.Keys.ShouldBe([OrderEventTypes.Confirmed]);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_fails_again_opens_its_ticket_again_and_no_second_one()
    {
        var letter = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8));
        await RedriveAsync(new { ids = new[] { letter.Id } });

        await _world.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == 2);
        var ticket = (await _world.GetAsync("/api/tickets")).EnumerateArray().Single();
        ticket.GetProperty("status").GetString().ShouldBe("open");
        ticket.GetProperty("lastComment").GetString().ShouldNotBeNull().ShouldStartWith("It was sent again and failed again. process orders.events.v1 failed 0 times: MALFORMED_MESSAGE.");

        // And again: the second letter belongs to the first one's ticket too.
        var second = (await _world.GetAsync("/api/dead-letters"))[0].GetProperty("id").GetGuid();
        await RedriveAsync(new { ids = new[] { second } });
        await _world.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == 3);
        (await _world.GetAsync("/api/tickets")).GetArrayLength().ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 120_000)]
    public async Task Many_keep_the_order_of_their_keys_at_two_replicas_and_leave_no_faster_than_they_may()
    {
        await using var second = await _world.AddReplicaAsync();
        var letters = Enumerable.Range(0, 200).Select(number => OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid()), group: "another", key: $"key-{number % 7}")).ToList();
        foreach (var letter in letters)
        {
            await _world.SendAsync(letter);
        }

        await _world.UntilAsync("/api/dead-letters?most=1000", list => list.GetArrayLength() == letters.Count);
        var before = DateTimeOffset.UtcNow;
        var plan = await RedriveAsync(new { service = "operations", perSecond = 100 });
        plan.GetProperty("planned").GetInt32().ShouldBe(200);
        (plan.GetProperty("doneAt").GetDateTimeOffset() - before).ShouldBeGreaterThan(TimeSpan.FromSeconds(1.98), "a hundred a second");
        var again = await RedriveAsync(new { ids = new[] { letters[^1].Id } });
        again.GetProperty("planned").GetInt32().ShouldBe(0);
        again.GetProperty("refused")[0].GetProperty("reason").GetString().ShouldBe("It waits to be sent again already.");

        var sent = await _world.Kafka.ReadAsync(Topics.OrderEvents, read => read.Count == letters.Count, TestContext.Current.CancellationToken);
        DateTimeOffset.UtcNow.ShouldBeGreaterThanOrEqualTo(plan.GetProperty("doneAt").GetDateTimeOffset());
        sent.Select(message => Header(message, "message-id")).Distinct().Count().ShouldBe(letters.Count);
        foreach (var key in letters.Select(letter => letter.Key).Distinct())
        {
            sent.Where(message => message.Message.Key == key).Select(message => Encoding.UTF8.GetString(message.Message.Value))
                .ShouldBe(letters.Where(letter => letter.Key == key).Select(letter => letter.Payload));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task What_cannot_be_sent_again_is_refused_one_by_one_and_says_what_to_do()
    {
        var truncated = OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())) with { PayloadTruncated = true, PayloadBytes = 5_000_000 };
        var empty = OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())) with { Payload = null };
        foreach (var letter in new[] { truncated, empty })
        {
            await _world.SendAsync(letter);
        }

        await _world.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == 2);
        var unknown = Guid.NewGuid();
        var plan = await RedriveAsync(new { ids = new[] { truncated.Id, empty.Id, unknown } });
        plan.GetProperty("planned").GetInt32().ShouldBe(0);
        var reasons = plan.GetProperty("refused").EnumerateArray().ToDictionary(one => one.GetProperty("id").GetGuid(), one => one.GetProperty("reason").GetString()!);
        reasons[truncated.Id].ShouldBe("Only the beginning of its payload is here, 524288 of 5000000 bytes; whoever sent it must send it again.");
        reasons[empty.Id].ShouldBe("It has no payload; whoever sent it must send it again.");
        reasons[unknown].ShouldBe("There is no such letter.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task By_filter_only_what_is_not_done_is_sent_again_and_of_each_message_the_last_letter()
    {
        var done = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));
        await RedriveAsync(new { ids = new[] { done.Id } });
        await _world.UntilAsync("/api/tickets/1", one => one.GetProperty("ticket").GetProperty("status").GetString() == "resolved");
        var failing = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8));
        await RedriveAsync(new { ids = new[] { failing.Id } });
        await _world.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == 3);

        var underWay = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid()), group: "another"));
        await RedriveAsync(new { ids = new[] { underWay.Id } });
        await _world.UntilAsync("/api/tickets/3", one => one.GetProperty("ticket").GetProperty("status").GetString() == "healing");
        (await MatchedAsync(new { key = underWay.Key, dryRun = true })).ShouldBe(0, "what came of it is not known yet");
        (await MatchedAsync(new { key = failing.Key, dryRun = true })).ShouldBe(1, "its two letters are of one message");
        (await MatchedAsync(new { key = done.Key, dryRun = true })).ShouldBe(0, "its ticket is resolved");
        (await MatchedAsync(new { ids = new[] { done.Id, failing.Id }, dryRun = true })).ShouldBe(2, "who names them means them");

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        async Task<int> MatchedAsync(object request) => (await RedriveAsync(request)).GetProperty("matched").GetInt32();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_cannot_be_sent_keeps_no_other_waiting()
    {
        await using var database = NpgsqlDataSource.Create(_world.Database);
        var bad = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));
        var good = await ArrivedAsync(OfEvent(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));

        // As it could arrive before letters of its kind were refused.
        await using var change = database.CreateCommand("UPDATE dead_letters SET letter = $2 WHERE id = $1");
        change.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = bad.Id });
        change.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = (bad with { Payload = "no base64!", PayloadEncoding = "base64" }).ToJson() });
        await change.ExecuteNonQueryAsync(Cancel);
        await RedriveAsync(new { ids = new[] { bad.Id, good.Id } });

        await _world.Host.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 1);
        (await _world.GetAsync("/api/tickets/1")).GetProperty("comments")[1].GetProperty("text").GetString().ShouldNotBeNull().ShouldStartWith("Its message cannot be sent again. Its payload cannot be read: ");
        (await _world.GetAsync("/api/tickets/1")).GetProperty("ticket").GetProperty("status").GetString().ShouldBe("escalated");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_request_that_is_none_is_refused_and_says_why()
    {
        foreach (var (body, reason, field, said) in new[]
        {
            ("{}", "drill", "ids", "ids are not there; say which letters, by ids or by service, operation, code, key or fingerprint."),
            ("""{"ids":[]}""", "drill", "ids", "ids has 0 entries; it must have 1 to 10000."),
            ("""{"ids":["1b4e28ba-2fa1-4d3b-883f-b9a761bde3fb"],"service":"x"}""", "drill", "ids", "ids are there together with service, operation, code, key or fingerprint; say one or the other."),
            ("""{"service":"x","perSecond":0}""", "drill", "perSecond", "perSecond is 0; it must be from 1 to 1000."),
            ("""{"service":"x"}""", "", "reason", "reason is not there; it must say why, for the record: add ?reason=..."),
        })
        {
            using var answer = await PostAsync(new StringContent(body, Encoding.UTF8, "application/json"), reason);
            (await Problem.ReadAsync(answer)).Error(field).ShouldBe(said);
        }

        using var stranger = await _world.Http.PostAsJsonAsync("/api/dead-letters/redrive?reason=x", new { service = "x" }, TestContext.Current.CancellationToken);
        (await Problem.ReadAsync(stranger)).Code.ShouldBe("UNAUTHENTICATED");
    }

    private static DeadLetter OfEvent(OrderEvent value, string group = "operations", string? key = null) => new DeadLetter
    {
        ServiceName = "operations",
        Operation = $"process {Topics.OrderEvents}",
        ErrorCode = DeadLetterCodes.HandlerFailed,
        ErrorDetail = "It failed.",
        RetryCount = 3,
        Key = key ?? value.OrderId.ToString(),
        Source = DeadLetterSource.Message(group, Topics.OrderEvents, 0, 1, value.EventId.ToString(), nameof(OrderEvent)),
        Time = DateTimeOffset.UnixEpoch,
    }.WithPayload(Payload(value));

    private static byte[] Payload(OrderEvent value) => JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web);

    private static string Header(ConsumeResult<string, byte[]> message, string name) => Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes(name));

    private async Task<DeadLetter> ArrivedAsync(DeadLetter letter)
    {
        await _world.SendAsync(letter);
        await _world.UntilAsync("/api/dead-letters", list => list.EnumerateArray().Any(one => one.GetProperty("id").GetGuid() == letter.Id));
        return letter;
    }

    private async Task<JsonElement> RedriveAsync(object request)
    {
        using var answer = await PostAsync(JsonContent.Create(request), "drill");
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Cancel));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private async Task<HttpResponseMessage> PostAsync(HttpContent body, string reason)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/dead-letters/redrive?reason={reason}") { Content = body };
        request.Headers.Add("X-Operator-Key", "secret");
        request.Headers.Add("X-Operator", "ann");
        return await _world.Http.SendAsync(request, Cancel);
    }
}
