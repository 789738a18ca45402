namespace Services.Tests.Operations;

/// <summary>Sagas that have given up are tried again by their service, each once, and their tickets say what came of it.</summary>
public sealed class RedriveSagaTests(PostgresServer postgres) : HealingScenario(postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task Those_that_two_replicas_have_tried_again_are_each_tried_once()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await using var second = await World.AddReplicaAsync();
        var letters = Enumerable.Range(0, 30).Select(_ => OfOrder() with { Id = Guid.NewGuid() }).ToList();
        foreach (var letter in letters)
        {
            await World.SendAsync(letter);
        }

        await World.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == letters.Count);
        await RedriveAsync(letters.Select(letter => letter.Id));

        await World.UntilAsync("/api/tickets", list => list.EnumerateArray().All(ticket => ticket.GetProperty("status").GetString() == "escalated"));
        Shop.Acts.Count.ShouldBe(letters.Count);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_is_tried_again_by_its_service_and_the_ticket_says_what_came_of_it()
    {
        await StartAsync(("Healing:Automatic", "false"));
        var held = await ArrivedAsync(OfOrder());
        var foreign = await ArrivedAsync(OfOrder() with { Id = Guid.NewGuid(), ServiceName = "nobody" });

        (await RedriveAsync(held.Id, foreign.Id)).GetProperty("planned").GetInt32().ShouldBe(2);

        (await CommentAsync(1)).ShouldBe($"Saga {Shop.Order} of orders is tried again. By ann: drill");
        (await CommentAsync(2)).ShouldBe($"Nobody here knows a service nobody; its saga {Shop.Order} was not tried again. By ann: drill");
        Shop.Acts.ShouldBe(["retry"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        async Task<string> CommentAsync(int ticket) => Comments(await World.UntilAsync($"/api/tickets/{ticket}", one => Comments(one).Count >= 2))[1];
    }

    [Fact(Timeout = 60_000)]
    public async Task One_whose_service_is_away_stays_due()
    {
        await StartAsync(("Healing:Automatic", "false"));
        Shop.IsAway = true;
        var held = await ArrivedAsync(OfOrder());

        await RedriveAsync(held.Id);
        await Database.UntilAsync("SELECT sent_at IS NULL AND claimed_until BETWEEN now() + interval '5 s' AND now() + interval '15 s' FROM redrives", Cancel);
        Comments(await World.GetAsync("/api/tickets/1")).Count.ShouldBe(1, "nothing was tried again, and nobody says so");
        Shop.IsAway = false;

        // Its time comes, without waiting for it.
        await Database.UntilAsync("UPDATE redrives SET claimed_until = now() RETURNING true", Cancel);
        await Database.UntilAsync("SELECT sent_at IS NOT NULL FROM redrives", Cancel);
        Shop.Acts.ShouldBe(["retry"]);

        // It is held again, so the ticket is a person's again.
        Comments(await TicketAsync("escalated"))[2].ShouldBe("What ann had tried again: failed. It is held again: PAYMENT_UNAVAILABLE. It answered 503.");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }
}
