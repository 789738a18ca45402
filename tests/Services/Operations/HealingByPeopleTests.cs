using System.Net;
using System.Text.Json;

namespace Services.Tests.Operations;

/// <summary>What people say to a healing, and what it says to them.</summary>
public sealed class HealingByPeopleTests(PostgresServer postgres) : HealingScenario(postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task A_person_ends_a_pause_and_is_on_record()
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        Shop.AfterRetries.Enqueue("held");
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());
        await UntilFirstTryFailedAsync();

        (await SayAsync(1, "retry", "the provider says it is back")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        var ticket = await TicketAsync("resolved");
        Comments(ticket).ShouldContain("retry: the provider says it is back");
        Shop.Acts.ShouldBe(["retry", "retry"]);
        (await Problem.ReadAsync(await SayAsync(1, "abort", "too late"))).Code.ShouldBe("NOT_APPLICABLE");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_person_stops_a_healing()
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        await World.SendAsync(OfOrder());
        await UntilFirstTryFailedAsync();

        await SayAsync(1, "abort", "I see to it");

        var ticket = await TicketAsync("escalated", ended: true);
        Comments(ticket)[^1].ShouldBe("The healing ended after 1 tries: aborted. Aborted by ann.");
        Shop.Acts.ShouldBe(["retry"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_person_who_is_asked_has_it_tried_once_more()
    {
        await StartAsync(("Healing:FirstPause", "00:00:00.010"));
        Shop.Saga = "stuck";
        await World.SendAsync(OfOrder("undo charge"));
        await World.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("A person is asked: 3 tries did not help.", StringComparison.Ordinal)));
        Shop.AfterRetries.Enqueue("compensated");

        await SayAsync(1, "retry", "refund desk is open again");

        await TicketAsync("resolved");
        Shop.Acts.Count.ShouldBe(4);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("?reason=%20")]
    public async Task A_word_without_a_reason_and_words_that_nobody_knows_are_refused(string query)
    {
        await StartAsync(("Healing:FirstPause", "00:01:00"));
        await World.SendAsync(OfOrder());
        await World.UntilAsync("/api/tickets", list => list.GetArrayLength() == 1);

        (await Problem.ReadAsync(await PostAsync($"/api/tickets/1/retry{query}"))).Code.ShouldBe("VALIDATION_FAILED");
        var unknown = await Problem.ReadAsync(await PostAsync("/api/tickets/1/dance?reason=x"));
        (unknown.Code, unknown.Body.GetProperty("errors").GetProperty("word")[0].GetString()).ShouldBe(("VALIDATION_FAILED", "word is 'dance'; it must be approve, retry, abort or resolve."));
        (await Problem.ReadAsync(await PostAsync("/api/tickets/77/retry?reason=x"))).Code.ShouldBe("NOT_FOUND");
        (await Problem.ReadAsync(await World.Http.PostAsync("/api/tickets/1/retry?reason=x", null, Cancel))).Code.ShouldBe("UNAUTHENTICATED");
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
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());

        var ticket = await TicketAsync("resolved");

        var notice = JsonSerializer.Deserialize<JsonElement>(await told.Task);
        (notice.GetProperty("service").GetString(), notice.GetProperty("priority").GetString(), notice.GetProperty("attempt").GetInt32()).ShouldBe(("orders", "P1", 1));
        Comments(ticket).ShouldContain("Alert of try 1: People on call could not be told: the webhook answered 400.");
        Comments(ticket).ShouldNotContain(text => text.Contains("secret", StringComparison.Ordinal));
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_webhook_that_does_not_answer_keeps_an_order_waiting_for_a_moment_only()
    {
        await using var webhook = await StubServer.StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await StartAsync(("Healing:Webhook", webhook.Address.ToString()), ("Healing:AlertWithin", "00:00:00.200"));
        Shop.AfterRetries.Enqueue("completed");
        await World.SendAsync(OfOrder());

        var ticket = await TicketAsync("resolved");

        Comments(ticket).ShouldContain("Alert of try 1: People on call could not be told: the webhook does not answer.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }
}
