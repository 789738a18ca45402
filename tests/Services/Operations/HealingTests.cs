using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Durable;
using ResilientShop.Tests;

namespace ResilientShop.Services.Tests.Operations;

/// <summary>From a dead letter to a repaired order, or to a person, on the saga engine: a real database, the Kafka protocol, and a shop behind HTTP.</summary>
public sealed class HealingTests(PostgresServer postgres) : IAsyncLifetime
{
    private FakeShop _shop = null!;
    private LetterWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _shop = await FakeShop.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_world is not null)
        {
            await _world.DisposeAsync();
        }

        await _shop.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_whose_cause_has_passed_is_confirmed_and_its_ticket_tells_how()
    {
        await StartAsync();
        _shop.AfterRetries.Enqueue("completed");
        await _world.SendAsync(OfOrder());

        var ticket = await TicketAsync("resolved");

        _shop.Acts.ShouldBe(["retry"]);
        Comments(ticket).ShouldBe(
        [
            "saga order: charge failed 3 times: PAYMENT_UNAVAILABLE. It answered 503.",
            "Diagnosis: passing. Nothing that is known stands in the way any more. (saga order: charge of orders failed with PAYMENT_UNAVAILABLE after 3 retries. No breaker of orders is open.)",
            "Alert of try 1: It is in the log; no webhook is set (Healing__Webhook).",
            $"Try 1: Saga {_shop.Order} of orders is tried again.",
            $"Try 1: healed. Order {_shop.Order} is confirmed: 20 GBP captured, its stock is held.",
            $"The healing ended after 1 tries: healed. Order {_shop.Order} is confirmed: 20 GBP captured, its stock is held.",
        ]);
        (await _world.GetAsync("/api/healing")).GetProperty("engine").GetString().ShouldBe("saga");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task After_three_tries_a_person_is_asked_and_an_order_that_is_held_is_undone()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.020"));
        await _world.SendAsync(OfOrder());

        var ticket = await TicketAsync("escalated", ended: true);

        _shop.Acts.ShouldBe(["retry", "retry", "retry", "compensate"]);
        Comments(ticket).ShouldContain($"A person is asked: 3 tries did not help. Saga {_shop.Order} is undone, because nobody can be kept waiting for so long.");
        Comments(ticket).ShouldContain("Try 3: failed. It is held again: PAYMENT_UNAVAILABLE. It answered 503.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cause_has_three_tries_however_many_letters_it_sends()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"), ("Healing:PersonWait", "00:00:00"));
        _shop.Saga = "stuck";
        await _world.SendAsync(OfOrder("undo charge"));
        await TicketAsync("escalated", ended: true);
        _shop.Acts.ShouldBe(["retry", "retry", "retry"]);

        // The same saga and operation once more: another letter, the same cause.
        await _world.SendAsync(OfOrder("undo charge") with { Id = Guid.NewGuid() });
        var second = await _world.UntilAsync("/api/tickets?status=escalated", list => list.GetArrayLength() == 2);
        var ticket = await _world.UntilAsync($"/api/tickets/{second[0].GetProperty("number").GetInt64()}", Ended);

        _shop.Acts.Count.ShouldBe(3);
        Comments(ticket)[^1].ShouldBe("The healing ended after 0 tries: gave-up. A person was asked.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_that_completed_with_wrong_books_is_not_healed()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"), ("Healing:VerifyWithin", "00:00:00.300"));
        _shop.HasPayment = false;
        _shop.AfterRetries.Enqueue("completed");
        await _world.SendAsync(OfOrder());

        var ticket = await TicketAsync("escalated", ended: true);

        Comments(ticket).ShouldContain("Try 1: failed. After 0.3 s: the order is over 20 GBP, its payment is not there over  .");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_that_was_undone_meanwhile_is_settled()
    {
        await StartAsync();
        _shop.Saga = "compensated";
        await _world.SendAsync(OfOrder());

        Comments(await TicketAsync("resolved"))[^1].ShouldBe($"The healing ended after 1 tries: settled. Order {_shop.Order} is cancelled: no money is kept, no stock is held.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_try_waits_for_a_breaker_that_is_open()
    {
        await StartAsync(("Healing:RecoveryLook", "00:00:00.050"), ("Healing:RecoveryWait", "00:01:00"));
        _shop.Breaker = "Open";
        _shop.AfterRetries.Enqueue("completed");
        await _world.SendAsync(OfOrder());
        var waiting = await _world.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("Diagnosis: dependency.", StringComparison.Ordinal)));
        Comments(waiting)[^1].ShouldContain("orders's breaker of payments (stable) is open.");
        _shop.Acts.ShouldBeEmpty();

        _shop.Breaker = "Closed";

        await TicketAsync("resolved");
        _shop.Acts.ShouldBe(["retry"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_is_away_is_waited_for_and_nothing_is_lost()
    {
        await StartAsync(("Healing:RecoveryLook", "00:00:00.050"), ("Healing:RecoveryWait", "00:01:00"));
        _shop.IsAway = true;
        _shop.AfterRetries.Enqueue("completed");
        await _world.SendAsync(OfOrder());
        await _world.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.Contains("orders answered 503.", StringComparison.Ordinal)));

        _shop.IsAway = false;

        await TicketAsync("resolved");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_whose_answers_stall_is_waited_for_too()
    {
        await StartAsync(("Healing:RecoveryLook", "00:00:00.050"), ("Healing:RecoveryWait", "00:01:00"), ("Healing:AskWithin", "00:00:00.300"));
        _shop.IsStalled = true;
        _shop.AfterRetries.Enqueue("completed");
        await _world.SendAsync(OfOrder());
        await _world.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.Contains("orders did not answer in time.", StringComparison.Ordinal)));

        _shop.IsStalled = false;

        await TicketAsync("resolved");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_person_ends_a_pause_and_is_on_record()
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        _shop.AfterRetries.Enqueue("held");
        _shop.AfterRetries.Enqueue("completed");
        await _world.SendAsync(OfOrder());
        await _world.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("Try 1: failed.", StringComparison.Ordinal)));

        (await SayAsync(1, "retry", "the provider says it is back")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        var ticket = await TicketAsync("resolved");
        Comments(ticket).ShouldContain("retry: the provider says it is back");
        _shop.Acts.ShouldBe(["retry", "retry"]);
        (await Problem.ReadAsync(await SayAsync(1, "abort", "too late"))).Code.ShouldBe("NOT_APPLICABLE");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_person_stops_a_healing()
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        await _world.SendAsync(OfOrder());
        await _world.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("Try 1: failed.", StringComparison.Ordinal)));

        await SayAsync(1, "abort", "I see to it");

        var ticket = await TicketAsync("escalated", ended: true);
        Comments(ticket)[^1].ShouldBe("The healing ended after 1 tries: aborted. Aborted by ann.");
        _shop.Acts.ShouldBe(["retry"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_person_who_is_asked_has_it_tried_once_more()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"));
        _shop.Saga = "stuck";
        await _world.SendAsync(OfOrder("undo charge"));
        await _world.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("A person is asked: 3 tries did not help.", StringComparison.Ordinal)));
        _shop.AfterRetries.Enqueue("compensated");

        await SayAsync(1, "retry", "refund desk is open again");

        await TicketAsync("resolved");
        _shop.Acts.Count.ShouldBe(4);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("?reason=%20")]
    public async Task A_word_without_a_reason_and_words_that_nobody_knows_are_refused(string query)
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        await _world.SendAsync(OfOrder());
        await _world.UntilAsync("/api/tickets", list => list.GetArrayLength() == 1);

        (await Problem.ReadAsync(await PostAsync($"/api/tickets/1/retry{query}"))).Code.ShouldBe("VALIDATION_FAILED");
        var unknown = await Problem.ReadAsync(await PostAsync("/api/tickets/1/dance?reason=x"));
        (unknown.Code, unknown.Body.GetProperty("errors").GetProperty("word")[0].GetString()).ShouldBe(("VALIDATION_FAILED", "word is 'dance'; it must be approve, retry or abort."));
        (await Problem.ReadAsync(await PostAsync("/api/tickets/77/retry?reason=x"))).Code.ShouldBe("NOT_FOUND");
        (await Problem.ReadAsync(await _world.Http.PostAsync("/api/tickets/1/retry?reason=x", null, Cancel))).Code.ShouldBe("UNAUTHENTICATED");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_instance_that_stops_in_the_middle_is_gone_on_with_and_does_nothing_twice()
    {
        await StartAsync(("Sagas:DrainTime", "00:00:00.100"), ("Sagas:Lease", "00:00:01"));
        _shop.AfterRetries.Enqueue("completed");
        _shop.Gate = new TaskCompletionSource();
        await _world.SendAsync(OfOrder());

        // It is in its verification, and everything before that is done.
        await _shop.Looked.Task.WaitAsync(Cancel);
        var restarted = _world.RestartAsync();
        _shop.Gate.SetResult();
        await restarted;

        var ticket = await TicketAsync("resolved");
        _shop.Acts.ShouldBe(["retry"]);
        Comments(ticket).Distinct().Count().ShouldBe(Comments(ticket).Count);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_message_is_sent_again_to_the_group_that_failed_until_it_is_handled()
    {
        await StartAsync(("Healing:QuietAfterHandled", "00:00:00.300"));
        await _world.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));

        var ticket = await TicketAsync("resolved");

        (await _world.Host.SummaryAsync()).Events.GetValueOrDefault(OrderEventTypes.Placed).ShouldBe(1);
        Comments(ticket)[^1].ShouldBe("The healing ended after 1 tries: healed. Group operations has handled it.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 90_000)]
    public async Task A_message_that_fails_again_three_times_is_left_to_a_person_with_one_ticket()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"));
        await _world.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8));

        await _world.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("A person is asked: 3 tries did not help.", StringComparison.Ordinal)));

        (await _world.GetAsync("/api/dead-letters")).GetArrayLength().ShouldBe(4, "the first one, and one for each try");
        (await _world.GetAsync("/api/tickets")).GetArrayLength().ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_person_sends_again_and_fails_again_is_left_to_the_person_and_not_tried_for_ever()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"), ("Healing:PersonWait", "00:00:00"), ("Healing:MostAttempts", "1"));
        var letter = OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8) with { Operation = "process orders.events.v1", ErrorCode = DeadLetterCodes.HandlerFailed };
        await _world.SendAsync(letter);
        await TicketAsync("escalated", ended: true);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/dead-letters/redrive?reason=fixed") { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", "ann" } } };
        request.Content = JsonContent.Create(new { ids = new[] { letter.Id } });
        (await _world.Http.SendAsync(request, Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // The last letter is one that nobody can read, which is another cause, and is found to be hopeless.
        var ticket = await _world.UntilAsync("/api/tickets/1", one => Comments(one).Count(text => text.StartsWith("The healing ended", StringComparison.Ordinal)) == 2);
        Comments(ticket)[^1].ShouldBe("The healing ended after 0 tries: gave-up. A person was asked.");
        ticket.GetProperty("ticket").GetProperty("status").GetString().ShouldBe("escalated");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_no_try_can_heal_is_left_to_a_person_at_once()
    {
        await StartAsync();
        await _world.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())) with { ErrorCode = DeadLetterCodes.MalformedMessage });
        await _world.SendAsync(OfOrder() with { ServiceName = "nobody" });
        await _world.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())) with { Payload = null });

        var tickets = await _world.UntilAsync("/api/tickets?status=escalated", list => list.GetArrayLength() == 3);

        var asked = tickets.EnumerateArray().Select(ticket => ticket.GetProperty("lastComment").GetString()!).ToList();
        asked.ShouldContain(text => text.StartsWith("A person is asked: Nobody can read the message", StringComparison.Ordinal));
        asked.ShouldContain(text => text.StartsWith("A person is asked: Nobody here knows a service nobody", StringComparison.Ordinal));
        asked.ShouldContain(text => text.StartsWith("A person is asked: Its message cannot be sent again. It has no payload", StringComparison.Ordinal));
        _shop.Acts.ShouldBeEmpty();
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 120_000)]
    public async Task Hundreds_at_once_at_two_replicas_are_each_healed_once()
    {
        await StartAsync(("Healing:QuietAfterHandled", "00:00:00.100"));
        await using var second = await _world.AddReplicaAsync();
        const int Letters = 200;
        for (var number = 0; number < Letters; number++)
        {
            await _world.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));
        }

        await _world.UntilAsync("/api/tickets?status=resolved&most=1000", list => list.GetArrayLength() == Letters);

        (await _world.Host.SummaryAsync()).Events.GetValueOrDefault(OrderEventTypes.Placed).ShouldBe(Letters);
        (await ScalarAsync("SELECT count(*) FROM healing_attempts")).ShouldBe(Letters);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task People_on_call_are_told_and_one_who_cannot_be_told_keeps_nobody_from_healing()
    {
        var told = new TaskCompletionSource<string>();
        await using var webhook = await StubServer.StartAsync(async http =>
        {
            told.TrySetResult(await new StreamReader(http.Request.Body).ReadToEndAsync());
            http.Response.StatusCode = 400;
        });
        await StartAsync(("Healing:Webhook", new Uri(webhook.Address, "/secret-token").ToString()));
        _shop.AfterRetries.Enqueue("completed");
        await _world.SendAsync(OfOrder());

        var ticket = await TicketAsync("resolved");

        var notice = JsonSerializer.Deserialize<JsonElement>(await told.Task);
        (notice.GetProperty("service").GetString(), notice.GetProperty("priority").GetString(), notice.GetProperty("attempt").GetInt32()).ShouldBe(("orders", "P1", 1));
        Comments(ticket).ShouldContain("Alert of try 1: People on call could not be told: the webhook answered 400.");
        Comments(ticket).ShouldNotContain(text => text.Contains("secret", StringComparison.Ordinal));
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task StartAsync(params (string, string)[] settings) =>
        _world = await LetterWorld.StartAsync(postgres, [("Healing:Automatic", "true"), .. _shop.Settings, .. settings]);

    private DeadLetter OfOrder(string step = "charge") => new()
    {
        ServiceName = "orders",
        Operation = $"saga order: {step}",
        ErrorCode = "PAYMENT_UNAVAILABLE",
        ErrorDetail = "It answered 503.",
        RetryCount = 3,
        Key = _shop.Order.ToString(),
        Source = DeadLetterSource.Saga(_shop.Order, step),
        Time = DateTimeOffset.UtcNow,
    };

    private static DeadLetter OfMessage(OrderEvent message) => new DeadLetter
    {
        ServiceName = "operations",
        Operation = "process orders.events.v1",
        ErrorCode = DeadLetterCodes.HandlerFailed,
        ErrorDetail = "It threw.",
        RetryCount = 3,
        Key = message.OrderId.ToString(),
        Source = DeadLetterSource.Message("operations", Topics.OrderEvents, 0, 1, message.EventId.ToString(), message.Type),
        Time = DateTimeOffset.UtcNow,
    }.WithPayload(JsonSerializer.SerializeToUtf8Bytes(message, JsonSerializerOptions.Web));

    private Task<JsonElement> TicketAsync(string status, bool ended = false) => _world.UntilAsync(
        "/api/tickets/1", ticket => ticket.GetProperty("ticket").GetProperty("status").GetString() == status && (!ended || Ended(ticket)));

    private static bool Ended(JsonElement ticket) => Comments(ticket)[^1].StartsWith("The healing ended", StringComparison.Ordinal);

    private static List<string> Comments(JsonElement ticket) =>
        [.. ticket.GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!)];

    private Task<HttpResponseMessage> SayAsync(long ticket, string word, string reason) => PostAsync($"/api/tickets/{ticket}/{word}?reason={Uri.EscapeDataString(reason)}");

    private async Task<HttpResponseMessage> PostAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", "ann" } } };
        return await _world.Http.SendAsync(request, Cancel);
    }

    private async Task<long> ScalarAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_world.Database);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }
}
