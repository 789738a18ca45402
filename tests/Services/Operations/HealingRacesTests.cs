using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Services.Tests.Operations;

/// <summary>What comes at the wrong moment: words before the start, letters after the verification, two healings of one order. Each moment is made by hand.</summary>
public sealed class HealingRacesTests(PostgresServer postgres) : HealingScenario(postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task What_is_said_before_a_healing_is_started_is_heard_when_it_starts()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await SendAsync(OfOrder());
        await BeginAsync("'infinity'", "NULL", "NULL");

        (await SayAsync(1, "abort", "I see to it")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await ExecuteAsync("UPDATE healings SET claimed_until = '-infinity'");

        var ticket = await TicketAsync("escalated", ended: true);
        Comments(ticket)[^1].ShouldBe("The healing ended after 0 tries: aborted. Aborted by ann.");
        Shop.Acts.ShouldBeEmpty();
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_word_that_this_instance_cannot_pass_on_is_refused_and_not_on_record()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await SendAsync(OfOrder());
        await BeginAsync("'infinity'", "now()", "'temporal'");

        var refused = await Problem.ReadAsync(await SayAsync(1, "retry", "it is back"));

        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "ENGINE_UNAVAILABLE"));
        refused.Detail!.ShouldStartWith("The healing runs on temporal, and this instance has none");
        (await ScalarAsync("SELECT count(*) FROM healing_words")).ShouldBe(0);
        Comments(await World.GetAsync("/api/tickets/1")).ShouldNotContain(text => text.StartsWith("retry", StringComparison.Ordinal));
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_is_not_undone_while_another_healing_of_it_goes_on()
    {
        await StartAsync(("Healing:Automatic", "false"));
        var (first, second) = (OfOrder(), OfOrder() with { Id = Guid.NewGuid(), ErrorCode = "TIMEOUT" });
        await SendAsync(first);
        await SendAsync(second, ticket: 2);
        await BeginAsync("'infinity'", "now()", "'saga'");
        var deeds = World.Host.Services.GetRequiredService<HealingDeeds>();

        (await deeds.EscalateAsync(first.Id, 1, "3 tries did not help.", Cancel)).CanStillHeal.ShouldBeFalse();
        Shop.Acts.ShouldBeEmpty();
        Comments(await World.GetAsync("/api/tickets/1"))[^1].ShouldBe($"A person is asked: 3 tries did not help. Another healing of saga {Shop.Order} goes on.");

        await deeds.EndAsync(first.Id, new HealingEnd(HealingEnd.GaveUp, "A person was asked.", 3), Cancel);
        await deeds.EscalateAsync(second.Id, 1, "3 tries did not help.", TestContext.Current.CancellationToken);
        Shop.Acts.ShouldBe(["compensate"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_message_that_fails_after_it_was_taken_for_handled_is_healed_anew()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"), ("Healing:Automatic", "false"));
        var letter = OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8);
        await SendAsync(letter);
        await BeginAsync("'infinity'", "now()", "'saga'");
        await World.Host.Services.GetRequiredService<HealingTable>().RedriveAsync(letter.Id, Guid.NewGuid(), "try 1", Cancel);

        // It fails again, and tells nobody, because a healing is there to hear it. That one has looked already.
        await World.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == 2);
        (await ScalarAsync("SELECT count(*) FROM healings")).ShouldBe(1);
        await World.Host.Services.GetRequiredService<HealingDeeds>().EndAsync(letter.Id, new HealingEnd(HealingEnd.Healed, "Group operations has handled it.", 1), Cancel);

        // Whoever ends it again, because nobody knows whether it was ended, changes nothing.
        await World.Host.Services.GetRequiredService<HealingDeeds>().EndAsync(letter.Id, new HealingEnd(HealingEnd.Healed, "Group operations has handled it.", 1), Cancel);
        var ticket = await World.UntilAsync("/api/tickets/1", one => Comments(one).Any(text => text.StartsWith("A person is asked: Nobody can read the message", StringComparison.Ordinal)));
        Comments(ticket).ShouldNotContain(text => text.StartsWith("The healing ended after 1 tries", StringComparison.Ordinal));
        Comments(ticket).ShouldContain("It failed again after it was taken for handled, and is healed anew.");
        (await ScalarAsync("SELECT count(*) FROM healings")).ShouldBe(2);
        (await World.GetAsync("/api/tickets")).GetArrayLength().ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_person_had_sent_again_is_not_sent_once_more_by_the_healing()
    {
        await StartAsync(("Healing:Automatic", "false"), ("Healing:QuietAfterHandled", "00:00:00.100"));
        var letter = OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid()));
        await SendAsync(letter);
        using var asked = new HttpRequestMessage(HttpMethod.Post, "/api/dead-letters/redrive?reason=drill") { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", "ann" } } };
        asked.Content = JsonContent.Create(new { ids = new[] { letter.Id } });
        (await World.Http.SendAsync(asked, Cancel)).EnsureSuccessStatusCode();
        await World.Host.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 1);

        await BeginAsync("'-infinity'", "NULL", "NULL");

        var ticket = await World.UntilAsync("/api/tickets/1", Ended);
        Comments(ticket)[^1].ShouldBe("The healing ended after 1 tries: healed. Group operations has handled it.");
        (await ScalarAsync("SELECT count(*) FROM redrives")).ShouldBe(1);
        (await World.Host.SummaryAsync()).Events.GetValueOrDefault(OrderEventTypes.Placed).ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_message_without_a_key_is_one_cause_however_often_it_is_sent()
    {
        await StartAsync(("Healing:Automatic", "false"));
        var letter = OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())).WithPayload("{}"u8) with { Key = "", ErrorCode = DeadLetterCodes.MalformedMessage };
        await SendAsync(letter);
        await World.Host.Services.GetRequiredService<HealingTable>().RedriveAsync(letter.Id, Guid.NewGuid(), "try 1", Cancel);

        await World.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == 2);

        (await ScalarAsync("SELECT count(DISTINCT fingerprint) FROM dead_letters")).ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_healing_whose_saga_a_person_ended_is_ended_and_its_ticket_is_a_person_s()
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        await SendAsync(OfOrder());
        await UntilFirstTryFailedAsync();
        using var compensated = await PostAsync($"/sagas/{OfOrder().Id}/compensate?reason=drill");
        compensated.StatusCode.ShouldBe(HttpStatusCode.OK, await compensated.Content.ReadAsStringAsync(Cancel));
        await ExecuteAsync("UPDATE healings SET started_at = now() - interval '1 min'");
        var starter = World.Host.Services.GetServices<IHostedService>().OfType<HealingStarter>().Single();

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await ScalarAsync("SELECT count(*) FROM healings WHERE outcome = 'gave-up'") == 0)
        {
            await starter.EndLostAsync(Cancel);
            await timer.WaitForNextTickAsync(Cancel);
        }

        Comments(await TicketAsync("escalated"))[^1].ShouldStartWith("The healing was not heard of any more");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task SendAsync(DeadLetter letter, int ticket = 1)
    {
        await World.SendAsync(letter);
        await World.UntilAsync($"/api/tickets/{ticket}", one => one.ValueKind == JsonValueKind.Object);
    }

    /// <summary>A healing of each letter, as it stands at a moment.</summary>
    private Task BeginAsync(string claimedUntil, string startedAt, string engine) =>
        ExecuteAsync($"INSERT INTO healings (letter_id, opened_at, claimed_until, started_at, engine) SELECT id, now(), {claimedUntil}, {startedAt}, {engine} FROM dead_letters");
}
