using System.Net;
using System.Net.Http.Json;

namespace Services.Tests.Operations;

/// <summary>From a dead letter to a repaired order, or to a person, on the saga engine.</summary>
public sealed class HealingTests(PostgresServer postgres) : HealingScenario(postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task An_order_whose_cause_has_passed_is_confirmed_and_its_ticket_tells_how()
    {
        await StartAsync();
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());

        var ticket = await TicketAsync("resolved");

        Shop.Acts.ShouldBe(["retry"]);
        Comments(ticket).ShouldBe(
        [
            "saga order: charge failed 3 times: PAYMENT_UNAVAILABLE. It answered 503.",
            "Diagnosis: passing. Nothing that is known stands in the way any more. (saga order: charge of orders failed with PAYMENT_UNAVAILABLE after 3 retries. No breaker of orders is open.)",
            "Alert of try 1: It is in the log; no webhook is set (Healing__Webhook).",
            $"Try 1: Saga {Shop.Order} of orders is tried again.",
            $"Try 1: healed. Order {Shop.Order} is confirmed: 20 GBP captured, its stock is held.",
            $"The healing ended after 1 tries: healed. Order {Shop.Order} is confirmed: 20 GBP captured, its stock is held.",
        ]);
        (await World.GetAsync("/api/healing")).GetProperty("engine").GetString().ShouldBe("saga");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task After_three_tries_a_person_is_asked_and_an_order_that_is_held_is_undone()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.020"));
        await World.SendAsync(OfOrder());

        var ticket = await TicketAsync("escalated", ended: true);

        Shop.Acts.ShouldBe(["retry", "retry", "retry", "compensate"]);
        Comments(ticket).ShouldContain($"A person is asked: 3 tries did not help. Saga {Shop.Order} is undone, because nobody can be kept waiting for so long.");
        Comments(ticket).ShouldContain("Try 3: failed. It is held again: PAYMENT_UNAVAILABLE. It answered 503.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cause_has_three_tries_however_many_letters_it_sends()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"), ("Healing:PersonWait", "00:00:00"));
        Shop.Saga = "stuck";
        await World.SendAsync(OfOrder("undo charge"));
        await TicketAsync("escalated", ended: true);
        Shop.Acts.ShouldBe(["retry", "retry", "retry"]);

        // The same saga and operation once more: another letter, the same cause.
        await World.SendAsync(OfOrder("undo charge") with { Id = Guid.NewGuid() });
        var second = await World.UntilAsync("/api/tickets?status=escalated", list => list.GetArrayLength() == 2);
        var ticket = await World.UntilAsync($"/api/tickets/{second[0].GetProperty("number").GetInt64()}", Ended);

        Shop.Acts.Count.ShouldBe(3);
        Comments(ticket)[^1].ShouldBe("The healing ended after 0 tries: gave-up. A person was asked.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_that_completed_with_wrong_books_is_not_healed()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"), ("Healing:VerifyWithin", "00:00:00.300"));
        Shop.HasPayment = false;
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());

        var ticket = await TicketAsync("escalated", ended: true);

        Comments(ticket).ShouldContain("Try 1: failed. After 0.3 s: the order is over 20 GBP, its payment is not there over  .");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_that_was_undone_meanwhile_is_settled()
    {
        await StartAsync();
        Shop.Saga = "compensated";
        await World.SendAsync(OfOrder());

        Comments(await TicketAsync("resolved"))[^1].ShouldBe($"The healing ended after 1 tries: settled. Order {Shop.Order} is cancelled: no money is kept, no stock is held.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_try_waits_for_a_breaker_that_is_open()
    {
        await StartAsync(("Healing:RecoveryLook", "00:00:00.050"), ("Healing:RecoveryWait", "00:01:00"));
        Shop.Breaker = "Open";
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());
        var waiting = await World.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("Diagnosis: dependency.", StringComparison.Ordinal)));
        Comments(waiting)[^1].ShouldContain("orders's breaker of payments (stable) is open.");
        Shop.Acts.ShouldBeEmpty();

        Shop.Breaker = "Closed";

        await TicketAsync("resolved");
        Shop.Acts.ShouldBe(["retry"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_is_away_is_waited_for_and_nothing_is_lost()
    {
        await StartAsync(("Healing:RecoveryLook", "00:00:00.050"), ("Healing:RecoveryWait", "00:01:00"));
        Shop.IsAway = true;
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());
        await World.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.Contains("orders answered 503.", StringComparison.Ordinal)));

        Shop.IsAway = false;

        await TicketAsync("resolved");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_whose_answers_stall_is_waited_for_too()
    {
        await StartAsync(("Healing:RecoveryLook", "00:00:00.050"), ("Healing:RecoveryWait", "00:01:00"), ("Healing:AskWithin", "00:00:00.300"));
        Shop.IsStalled = true;
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());
        await World.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.Contains("orders did not answer in time.", StringComparison.Ordinal)));

        Shop.IsStalled = false;

        await TicketAsync("resolved");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_instance_that_stops_in_the_middle_is_gone_on_with_and_does_nothing_twice()
    {
        await StartAsync(("Sagas:DrainTime", "00:00:00.100"), ("Sagas:Lease", "00:00:01"));
        Shop.AfterRetries.Enqueue("completed");
        Shop.Gate = new TaskCompletionSource();
        await World.SendAsync(OfOrder());

        // It is in its verification, and everything before that is done.
        await Shop.Looked.Task.WaitAsync(Cancel);
        var restarted = World.RestartAsync();
        Shop.Gate.SetResult();
        await restarted;

        var ticket = await TicketAsync("resolved");
        Shop.Acts.ShouldBe(["retry"]);
        Comments(ticket).Distinct().Count().ShouldBe(Comments(ticket).Count);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_message_is_sent_again_to_the_group_that_failed_until_it_is_handled()
    {
        await StartAsync(("Healing:QuietAfterHandled", "00:00:00.300"));
        await World.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));

        var ticket = await TicketAsync("resolved");

        (await World.Host.SummaryAsync()).Events.GetValueOrDefault(OrderEventTypes.Placed).ShouldBe(1);
        Comments(ticket)[^1].ShouldBe("The healing ended after 1 tries: healed. Group operations has handled it.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 90_000)]
    public async Task A_message_that_fails_again_three_times_is_left_to_a_person_with_one_ticket()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"));
        await World.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8));

        await World.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("A person is asked: 3 tries did not help.", StringComparison.Ordinal)));

        (await World.GetAsync("/api/dead-letters")).GetArrayLength().ShouldBe(4, "the first one, and one for each try");
        (await World.GetAsync("/api/tickets")).GetArrayLength().ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_person_sends_again_and_fails_again_is_left_to_the_person_and_not_tried_for_ever()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"), ("Healing:PersonWait", "00:00:00"), ("Healing:MostAttempts", "1"));
        var letter = OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8) with { Operation = "process orders.events.v1", ErrorCode = DeadLetterCodes.HandlerFailed };
        await World.SendAsync(letter);
        await TicketAsync("escalated", ended: true);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/dead-letters/redrive?reason=fixed") { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", "ann" } } };
        request.Content = JsonContent.Create(new { ids = new[] { letter.Id } });
        (await World.Http.SendAsync(request, Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // The last letter is one that nobody can read, which is another cause, and is found to be hopeless.
        var ticket = await World.UntilAsync("/api/tickets/1", one => Comments(one).Count(text => text.StartsWith("The healing ended", StringComparison.Ordinal)) == 2);
        Comments(ticket)[^1].ShouldBe("The healing ended after 0 tries: gave-up. A person was asked.");
        ticket.GetProperty("ticket").GetProperty("status").GetString().ShouldBe("escalated");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_no_try_can_heal_is_left_to_a_person_at_once()
    {
        await StartAsync();
        await World.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())) with { ErrorCode = DeadLetterCodes.MalformedMessage });
        await World.SendAsync(OfOrder() with { ServiceName = "nobody" });
        await World.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())) with { Payload = null });

        var tickets = await World.UntilAsync("/api/tickets?status=escalated", list => list.GetArrayLength() == 3);

        var asked = tickets.EnumerateArray().Select(ticket => ticket.GetProperty("lastComment").GetString()!).ToList();
        asked.ShouldContain(text => text.StartsWith("A person is asked: Nobody can read the message", StringComparison.Ordinal));
        asked.ShouldContain(text => text.StartsWith("A person is asked: Nobody here knows a service nobody", StringComparison.Ordinal));
        asked.ShouldContain(text => text.StartsWith("A person is asked: Its message cannot be sent again. It has no payload", StringComparison.Ordinal));
        Shop.Acts.ShouldBeEmpty();
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 120_000)]
    public async Task Hundreds_at_once_at_two_replicas_are_each_healed_once()
    {
        await StartAsync(("Healing:QuietAfterHandled", "00:00:00.100"));
        await using var second = await World.AddReplicaAsync();
        const int Letters = 200;
        for (var number = 0; number < Letters; number++)
        {
            await World.SendAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));
        }

        await World.UntilAsync("/api/tickets?status=resolved&most=1000", list => list.GetArrayLength() == Letters);

        (await World.Host.SummaryAsync()).Events.GetValueOrDefault(OrderEventTypes.Placed).ShouldBe(Letters);
        (await ScalarAsync("SELECT count(*) FROM healing_attempts")).ShouldBe(Letters);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }
}
