using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Services.Tests.Operations;

/// <summary>People close the tickets that they have seen to. On a real database and the Kafka protocol.</summary>
public sealed class TicketDeskTests(PostgresServer postgres) : HealingScenario(postgres)
{
    private readonly DeadLetter _letter = OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid()));

    [Fact(Timeout = 60_000)]
    public async Task A_ticket_for_a_person_is_closed_by_one_who_says_what_was_done_and_no_redrive_by_filter_takes_it()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);

        using var answer = await SayAsync(1, "resolve", "refunded by hand\0");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var ticket = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel));
        ticket.GetProperty("ticket").GetProperty("status").GetString().ShouldBe("resolved");
        var comment = ticket.GetProperty("comments").EnumerateArray().Last();
        (comment.GetProperty("author").GetString(), comment.GetProperty("text").GetString()).ShouldBe(("ann", "resolve: refunded by hand\uFFFD"));
        (await World.GetAsync("/api/tickets?status=open")).GetArrayLength().ShouldBe(0);
        (await RedriveAsync(new { service = "operations", dryRun = true })).GetProperty("matched").GetInt32().ShouldBe(0);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task It_is_closed_once()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);
        (await SayAsync(1, "resolve", "refunded by hand")).StatusCode.ShouldBe(HttpStatusCode.OK);

        var again = await Problem.ReadAsync(await SayAsync(1, "resolve", "and again"));

        (again.Code, again.Detail).ShouldBe(("NOT_APPLICABLE", "Ticket 1 is resolved already."));
        (await ScalarAsync("SELECT count(*) FROM ticket_comments WHERE author = 'ann'")).ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_being_healed_is_stopped_first()
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        await World.SendAsync(OfOrder());
        await UntilFirstTryFailedAsync();

        var refused = await Problem.ReadAsync(await SayAsync(1, "resolve", "I see to it"));
        (refused.Code, refused.Detail!).ShouldBe(("NOT_APPLICABLE", "Ticket 1 is being healed. To see to it yourself: POST /api/tickets/1/abort?reason=..., then resolve it."));
        await SayAsync(1, "abort", "I see to it");
        await TicketAsync("escalated", ended: true);

        (await SayAsync(1, "resolve", "paid by another card")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await TicketAsync("resolved");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>A service that is away is asked again for ever; who has seen to it need not wait for that.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("'ann'", "now() + interval '5 s'", false)]
    [InlineData("'healing'", "'-infinity'", false)]
    [InlineData("'ann'", "now() + interval '100 s'", true)]
    public async Task What_waits_to_be_sent_again_is_not_sent_unless_it_is_being_sent(string by, string claimedUntil, bool isInHand)
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);
        await ExecuteAsync($"INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, claimed_until) VALUES ('{_letter.Id}', gen_random_uuid(), {by}, 'drill', 'infinity', {claimedUntil})");

        using var answer = await SayAsync(1, "resolve", "refunded by hand");

        answer.StatusCode.ShouldBe(isInHand ? HttpStatusCode.Conflict : HttpStatusCode.OK);
        (await ScalarAsync("SELECT count(*) FROM redrives WHERE sent_at IS NULL")).ShouldBe(isInHand ? 1 : 0);
        if (!isInHand)
        {
            Comments(await World.GetAsync("/api/tickets/1"))[^1].ShouldBe("resolve: refunded by hand (What waited to be sent again is not sent.)");
            (await ScalarAsync("SELECT count(*) FROM redrives WHERE refusal = 'The ticket was closed before: refunded by hand' AND ended_at IS NOT NULL")).ShouldBe(1);
        }

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>What is planned comes before the closing, which ends it, or after it and does not find the letter.</summary>
    [Fact(Timeout = 60_000)]
    public async Task It_sees_a_redrive_that_is_being_planned()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);

        using var closed = await BesideAsync(
            async (connection, transaction) =>
            {
                await ExecuteAsync($"SELECT pg_advisory_xact_lock({RedrivePlan.LockKey})", connection, transaction);
                await ExecuteAsync(
                    $"INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at) VALUES ('{_letter.Id}', gen_random_uuid(), 'bob', 'drill', 'infinity')", connection, transaction);
            },
            () => SayAsync(1, "resolve", "refunded by hand"));

        closed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ScalarAsync("SELECT count(*) FROM redrives WHERE sent_at IS NULL")).ShouldBe(0);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>An activity of a healing that was given up for lost comes after all.</summary>
    [Fact(Timeout = 60_000)]
    public async Task What_a_healing_says_after_its_end_does_not_open_it_again()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);
        await ExecuteAsync("INSERT INTO healings (letter_id, opened_at, claimed_until, started_at, engine, outcome, ended_at) SELECT id, now(), 'infinity', now(), 'temporal', 'gave-up', now() FROM dead_letters");
        (await SayAsync(1, "resolve", "refunded by hand")).StatusCode.ShouldBe(HttpStatusCode.OK);

        await World.Host.Services.GetRequiredService<HealingTable>().CommentAsync(_letter.Id, "replay 1", "healing", "Try 1: sent.", author: null, Cancel);

        var ticket = await TicketAsync("resolved");
        Comments(ticket)[^1].ShouldBe("Try 1: sent.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>What comes of it would be said in a closed ticket.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("'ann'", "now()", "NULL", false)]
    [InlineData("'healing'", "now()", "NULL", true)]
    [InlineData("'ann'", "now()", "now()", true)]
    public async Task What_is_sent_again_is_closed_when_it_is_known_what_came_of_it(string by, string sentAt, string endedAt, bool isClosed)
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);
        await ExecuteAsync($"""
            INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, claimed_until, sent_at, ended_at)
            VALUES ('{_letter.Id}', gen_random_uuid(), {by}, 'drill', 'infinity', 'infinity', {sentAt}, {endedAt})
            """);

        using var answer = await SayAsync(1, "resolve", "refunded by hand");

        answer.StatusCode.ShouldBe(isClosed ? HttpStatusCode.OK : HttpStatusCode.Conflict);
        (await World.GetAsync("/api/tickets/1")).GetProperty("ticket").GetProperty("status").GetString().ShouldBe(isClosed ? "resolved" : "open");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>The lock that the test holds stops the closing after it was asked for; the letter that fails again is kept meanwhile.</summary>
    [Fact(Timeout = 60_000)]
    public async Task It_sees_a_letter_that_is_being_kept_and_does_not_close_what_failed_again()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);
        var sentAgainAs = Guid.CreateVersion7();
        await ExecuteAsync($"""
            INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, sent_at, ended_at) VALUES ('{_letter.Id}', '{sentAgainAs}', 'ann', 'drill', now(), now(), now());
            UPDATE tickets SET status = 'escalated';
            """);
        var again = _letter with { Id = Guid.CreateVersion7(), Source = DeadLetterSource.Message("another", Topics.OrderEvents, 0, 2, sentAgainAs.ToString(), _letter.Source.MessageType!) };

        using var refused = await BesideAsync((connection, transaction) => KeepAsync(again, connection, transaction), () => SayAsync(1, "resolve", "refunded by hand"));

        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await ScalarAsync("SELECT count(*) FROM tickets WHERE status <> 'resolved'")).ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_gives_no_reason_no_key_or_the_name_of_healings_is_refused()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await ArrivedAsync(_letter);

        (await Problem.ReadAsync(await PostAsync("/api/tickets/1/resolve?reason=%20"))).Code.ShouldBe("VALIDATION_FAILED");
        (await Problem.ReadAsync(await PostAsync("/api/tickets/77/resolve?reason=x"))).Code.ShouldBe("NOT_FOUND");
        (await Problem.ReadAsync(await World.Http.PostAsync("/api/tickets/1/resolve?reason=x", null, Cancel))).Code.ShouldBe("UNAUTHENTICATED");
        foreach (var path in (string[])["/api/tickets/1/resolve?reason=x", "/api/tickets/1/retry?reason=x", "/api/dead-letters/redrive?reason=x"])
        {
            var problem = await Problem.ReadAsync(await PostAsync(path, new { service = "operations" }, by: "healing"));
            problem.Body.GetProperty("errors").GetProperty("X-Operator")[0].GetString().ShouldBe("X-Operator is 'healing', with which healings sign; it must say which person or tool acts.");
        }

        (await ScalarAsync("SELECT count(*) FROM tickets WHERE status = 'open'")).ShouldBe(1);
        (await ScalarAsync("SELECT count(*) FROM redrives")).ShouldBe(0);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }
}
