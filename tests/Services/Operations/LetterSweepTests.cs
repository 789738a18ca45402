using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Operations.Healing;
using ResilientShop.Resilience.Durable;
using ResilientShop.Tests;

namespace ResilientShop.Services.Tests.Operations;

/// <summary>Old tickets are forgotten with all that belongs to them, and nothing else is. On a real database.</summary>
public sealed class LetterSweepTests(PostgresServer postgres) : HealingScenario(postgres)
{
    private const string Old = "now() - interval '61 min'";

    private static readonly string[] Tables = ["jira_issues", "ticket_comments", "healing_journal", "healing_words", "healing_attempts", "healings", "redrives"];

    [Fact(Timeout = 60_000)]
    public async Task What_is_resolved_long_enough_is_forgotten_with_all_that_belongs_to_it()
    {
        await StartAsync(("Healing:Automatic", "false"));
        await using var database = NpgsqlDataSource.Create(World.Database);
        string[] states = ["forgotten", "too new", "escalated", "healing goes on", "redrive waits", "redrive is followed"];
        var letters = states.Select(state => OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())) with { Operation = state }).ToList();
        foreach (var letter in letters)
        {
            await World.SendAsync(letter);
        }

        await World.UntilAsync("/api/tickets", list => list.GetArrayLength() == letters.Count);

        // Each has everything that a ticket can have, and a second letter that came when its message was sent again.
        await ExecuteAsync($"""
            INSERT INTO dead_letters (id, service_name, operation, error_code, error_detail, retry_count, key, failed_at, arrived_at, fingerprint, letter, origin_id)
                SELECT gen_random_uuid(), service_name, operation, error_code, error_detail, retry_count, key, failed_at, arrived_at, fingerprint, letter, id FROM dead_letters;
            UPDATE tickets SET status = 'resolved', changed_at = {Old};
            INSERT INTO jira_issues (ticket) SELECT number FROM tickets;
            INSERT INTO healings (letter_id, opened_at, claimed_until, started_at, engine, outcome, ended_at) SELECT id, now(), 'infinity', now(), 'saga', 'healed', now() FROM dead_letters;
            INSERT INTO healing_attempts (letter_id, number, fingerprint, at) SELECT id, 1, fingerprint, now() FROM dead_letters;
            INSERT INTO healing_words (letter_id, word, said_by, reason, at) SELECT id, 'retry', 'ann', 'drill', now() FROM dead_letters;
            INSERT INTO healing_journal (letter_id, entry, result, at) SELECT id, 'a', '1', now() FROM dead_letters;
            INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, sent_at, ended_at) SELECT id, gen_random_uuid(), 'ann', 'drill', now(), now(), now() FROM dead_letters;
            UPDATE tickets SET changed_at = now() - interval '59 min' FROM dead_letters WHERE id = letter_id AND operation = 'too new';
            UPDATE tickets SET status = 'escalated' FROM dead_letters WHERE id = letter_id AND operation = 'escalated';
            UPDATE healings SET outcome = NULL FROM dead_letters WHERE id = letter_id AND operation = 'healing goes on' AND origin_id IS NOT NULL;
            UPDATE redrives SET sent_at = NULL, due_at = 'infinity' FROM dead_letters WHERE dead_letters.id = letter_id AND operation = 'redrive waits' AND origin_id IS NOT NULL;
            UPDATE redrives SET ended_at = NULL, claimed_until = 'infinity' FROM dead_letters WHERE dead_letters.id = letter_id AND operation = 'redrive is followed';
            """);
        var (before, sentAgainAs) = (await CountsAsync(), (await TextAsync("SELECT message_id::text FROM redrives JOIN dead_letters ON dead_letters.id = letter_id WHERE operation = 'forgotten' LIMIT 1"))!);

        await using var sweeping = await World.AddReplicaAsync(("Healing:KeepResolved", "01:00:00"));
        await World.UntilAsync("/api/tickets", list => list.GetArrayLength() == letters.Count - 1);

        (await TextAsync("SELECT string_agg(DISTINCT operation, ', ' ORDER BY operation) FROM dead_letters")).ShouldBe("escalated, healing goes on, redrive is followed, redrive waits, too new");
        (await CountsAsync()).ShouldBe(before.Select(count => count / letters.Count * (letters.Count - 1)));

        // Its message fails once more: a letter like any other, with a ticket of its own.
        await World.SendAsync(letters[0] with { Id = Guid.NewGuid(), Source = DeadLetterSource.Message("another", Topics.OrderEvents, 0, 9, sentAgainAs, OrderEventTypes.Placed) });
        await World.UntilAsync("/api/tickets", list => list.GetArrayLength() == letters.Count);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        async Task ExecuteAsync(string sql)
        {
            await using var command = database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancel);
        }

        async Task<string?> TextAsync(string sql)
        {
            await using var command = database.CreateCommand(sql);
            return await command.ExecuteScalarAsync(Cancel) as string;
        }

        async Task<List<long>> CountsAsync()
        {
            var counts = new List<long>();
            foreach (var table in Tables)
            {
                counts.Add(await ScalarAsync($"SELECT count(*) FROM {table}"));
            }

            return counts;
        }
    }

    /// <summary>The board here is the truth that Jira follows: it stays until Jira has followed.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("'resolved', 1000", 0)]
    [InlineData("'healing', 1000", 1)]
    [InlineData("'resolved', 0", 1)]
    public async Task What_Jira_does_not_have_yet_is_kept(string mirrored, int kept)
    {
        await StartAsync(("Healing:Automatic", "false"));
        await World.SendAsync(OfOrder());
        await World.UntilAsync("/api/tickets/1", _ => true);
        await using (var database = NpgsqlDataSource.Create(World.Database))
        {
            await using var change = database.CreateCommand($"""
                UPDATE tickets SET status = 'resolved', changed_at = {Old};
                INSERT INTO jira_issues (ticket, issue, status, comment, ask_again_at) VALUES (1, 'SHOP-1', {mirrored}, 'infinity')
                """);
            await change.ExecuteNonQueryAsync(Cancel);
        }

        // A site that nobody asks: the ticket is put off for ever.
        await using var mirroring = await World.AddReplicaAsync(("Jira:Url", "http://127.0.0.1:1"), ("Jira:ApiToken", "t"), ("Jira:Project", "SHOP"));
        var sweep = mirroring.Services.GetServices<IHostedService>().OfType<LetterSweep>().Single();
        (await sweep.ForgetAsync(DateTimeOffset.UtcNow - TimeSpan.FromHours(1), Cancel)).ShouldBe(1 - kept);

        (await World.GetAsync("/api/tickets")).GetArrayLength().ShouldBe(kept);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }
}
