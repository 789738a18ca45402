using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Services.Tests.Operations;

/// <summary>Old tickets are forgotten with all that belongs to them, and nothing else is. On a real database.</summary>
public sealed class LetterSweepTests(PostgresServer postgres) : HealingScenario(postgres)
{
    private const string Old = "now() - interval '61 min'";

    private static readonly string[] Tables = ["jira_issues", "ticket_comments", "healing_journal", "healing_words", "healing_attempts", "healings", "redrives"];

    [Fact(Timeout = 60_000)]
    public async Task What_is_resolved_long_enough_is_forgotten_with_all_that_belongs_to_it()
    {
        await StartAsync(("Healing:Automatic", "false"));
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
            INSERT INTO jira_issues (ticket, issue, status, comment) SELECT number, 'SHOP-' || number, 'resolved', 1000 FROM tickets;
            INSERT INTO healings (letter_id, opened_at, claimed_until, started_at, engine, outcome, ended_at) SELECT id, now(), 'infinity', now(), 'saga', 'healed', now() FROM dead_letters;
            INSERT INTO healing_attempts (letter_id, number, fingerprint, at) SELECT id, 1, fingerprint, now() FROM dead_letters;
            INSERT INTO healing_words (letter_id, word, said_by, reason, at) SELECT id, 'retry', 'ann', 'drill', now() FROM dead_letters;
            INSERT INTO healing_journal (letter_id, entry, result, at) SELECT id, 'a', '1', now() FROM dead_letters;
            INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, sent_at, ended_at) SELECT id, gen_random_uuid(), 'ann', 'drill', now(), now(), now() FROM dead_letters;
            UPDATE redrives SET requested_by = 'healing', ended_at = NULL FROM dead_letters WHERE dead_letters.id = letter_id AND operation = 'forgotten';
            UPDATE tickets SET changed_at = now() - interval '59 min' FROM dead_letters WHERE id = letter_id AND operation = 'too new';
            UPDATE tickets SET status = 'escalated' FROM dead_letters WHERE id = letter_id AND operation = 'escalated';
            UPDATE healings SET outcome = NULL FROM dead_letters WHERE id = letter_id AND operation = 'healing goes on' AND origin_id IS NOT NULL;
            UPDATE redrives SET sent_at = NULL, due_at = 'infinity' FROM dead_letters WHERE dead_letters.id = letter_id AND operation = 'redrive waits' AND origin_id IS NOT NULL;
            UPDATE redrives SET ended_at = NULL, claimed_until = 'infinity' FROM dead_letters WHERE dead_letters.id = letter_id AND operation = 'redrive is followed';
            """);
        var (before, sentAgainAs) = (await CountsAsync(), (await TextAsync("SELECT message_id::text FROM redrives JOIN dead_letters ON dead_letters.id = letter_id WHERE operation = 'forgotten' LIMIT 1"))!);

        await using var sweeping = await World.AddReplicaAsync(("Healing:KeepResolved", "01:00:00"), ("Healing:CountWithin", "01:00:00"));
        await World.UntilAsync("/api/tickets", list => list.GetArrayLength() == letters.Count - 1);

        (await TextAsync("SELECT string_agg(DISTINCT operation, ', ' ORDER BY operation) FROM dead_letters")).ShouldBe("escalated, healing goes on, redrive is followed, redrive waits, too new");
        (await CountsAsync()).ShouldBe(before.Select(count => count / letters.Count * (letters.Count - 1)));

        // Its message fails once more: a letter like any other, with a ticket of its own.
        await World.SendAsync(letters[0] with { Id = Guid.NewGuid(), Source = DeadLetterSource.Message("another", Topics.OrderEvents, 0, 9, sentAgainAs, OrderEventTypes.Placed) });
        await World.UntilAsync("/api/tickets", list => list.GetArrayLength() == letters.Count);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        async Task<string?> TextAsync(string sql)
        {
            await using var command = Database.CreateCommand(sql);
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
        await ResolvedAsync(OfOrder());
        await ExecuteAsync($"INSERT INTO jira_issues (ticket, issue, status, comment, ask_again_at) VALUES (1, 'SHOP-1', {mirrored}, 'infinity')");

        // A site that nobody asks: the ticket is put off for ever.
        await using var mirroring = await World.AddReplicaAsync(("Jira:Url", "http://127.0.0.1:1"), ("Jira:ApiToken", "t"), ("Jira:Project", "SHOP"));
        (await ForgetAsync(mirroring)).ShouldBe(1 - kept);

        (await World.GetAsync("/api/tickets")).GetArrayLength().ShouldBe(kept);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_letter_whose_redrive_is_being_planned_is_kept()
    {
        await StartAsync(("Healing:Automatic", "false"));
        var letter = await ResolvedAsync(OfOrder());
        Task<int> forgetting;
        await using (var connection = await Database.OpenConnectionAsync(Cancel))
        await using (var planning = await connection.BeginTransactionAsync(Cancel))
        {
            await ExecuteAsync($"SELECT pg_advisory_xact_lock({RedrivePlan.LockKey})", connection, planning);
            await ExecuteAsync($"INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at) VALUES ('{letter.Id}', gen_random_uuid(), 'ann', 'drill', 'infinity')", connection, planning);
            forgetting = ForgetAsync(World.Host);
            await WaitForLocksAsync(1, forgetting);
            await planning.CommitAsync(Cancel);
        }

        (await forgetting).ShouldBe(0);
        (await ScalarAsync("SELECT count(*) FROM redrives")).ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_comes_for_a_ticket_while_it_is_forgotten_comes_after_it()
    {
        await StartAsync(("Healing:Automatic", "false"));
        var sentAgainAs = Guid.NewGuid();
        var letter = await ResolvedAsync(OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid())));
        await ExecuteAsync($"INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, sent_at) VALUES ('{letter.Id}', '{sentAgainAs}', 'healing', 'try 1', now(), now())");
        var again = letter with { Id = Guid.NewGuid(), Source = DeadLetterSource.Message("another", Topics.OrderEvents, 0, 9, sentAgainAs.ToString(), OrderEventTypes.Placed) };
        Task<int> forgetting;
        Task<JsonElement> redriving;
        Task keeping;
        await using (var connection = await Database.OpenConnectionAsync(Cancel))
        await using (var held = await connection.BeginTransactionAsync(Cancel))
        {
            await ExecuteAsync("SELECT FROM ticket_comments FOR UPDATE", connection, held);
            forgetting = ForgetAsync(World.Host);
            await WaitForLocksAsync(1, forgetting);
            redriving = RedriveAsync(letter.Id);
            await WaitForLocksAsync(2, redriving);
            keeping = KeepAsync(again);
            await WaitForLocksAsync(3, keeping);
            await held.CommitAsync(Cancel);
        }

        (await forgetting).ShouldBe(1);
        (await redriving).GetProperty("refused")[0].GetProperty("reason").GetString().ShouldBe("There is no such letter.");
        await keeping;
        (await World.GetAsync("/api/tickets")).EnumerateArray().Single().GetProperty("letterId").GetGuid().ShouldBe(again.Id);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory]
    [InlineData("0.12:00:00", "Healing:KeepResolved is 12:00:00; it must be at least CountWithin, 1.00:00:00: tries of a cause are counted in what is kept.")]
    [InlineData("00:30:00", "KeepResolved")]
    public void A_time_that_is_too_short_is_refused_and_says_why(string kept, string said)
    {
        var options = new HealingOptions { KeepResolved = TimeSpan.Parse(kept, CultureInfo.InvariantCulture) };
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true).ShouldBeFalse();
        problems.ShouldHaveSingleItem().ErrorMessage.ShouldNotBeNull().ShouldContain(said);
    }

    private async Task<DeadLetter> ResolvedAsync(DeadLetter letter)
    {
        await ArrivedAsync(letter);
        await ExecuteAsync($"UPDATE tickets SET status = 'resolved', changed_at = {Old}");
        return letter;
    }

    private static Task<int> ForgetAsync(OperationsHost host) =>
        host.Services.GetServices<IHostedService>().OfType<LetterSweep>().Single().ForgetAsync(DateTimeOffset.UtcNow - TimeSpan.FromHours(1), Cancel);
}
