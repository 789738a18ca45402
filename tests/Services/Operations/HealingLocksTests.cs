using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Services.Tests.Operations;

/// <summary>Two statements at once that could look past each other. A lock that the test holds stops one of them in its middle; the database tells when the other has come as far.</summary>
public sealed class HealingLocksTests(PostgresServer postgres) : HealingScenario(postgres)
{
    private readonly Guid _sentAgainAs = Guid.CreateVersion7();

    private HealingDeeds Deeds => World.Host.Services.GetRequiredService<HealingDeeds>();

    [Fact(Timeout = 60_000)]
    public async Task The_end_of_a_healing_sees_the_letter_that_is_being_kept()
    {
        var (letter, again) = await HealingAsync();
        Task ending;
        await using (var connection = await Database.OpenConnectionAsync(Cancel))
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await KeepAsync(again, connection, transaction);
            ending = Deeds.EndAsync(letter.Id, new HealingEnd(HealingEnd.Healed, "Handled.", 1), Cancel);
            await WaitForLocksAsync(1, ending);
            await transaction.CommitAsync(Cancel);
        }

        await ending;

        (await HealedAnewAsync(again)).ShouldBeTrue("nobody else would heal it");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_letter_that_is_kept_sees_the_end_of_the_healing()
    {
        var (letter, again) = await HealingAsync();
        Task ending, keeping;
        await using (var connection = await Database.OpenConnectionAsync(Cancel))
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await using var held = new NpgsqlCommand("SELECT FROM healings FOR UPDATE", connection, transaction);
            await held.ExecuteNonQueryAsync(Cancel);
            ending = Deeds.EndAsync(letter.Id, new HealingEnd(HealingEnd.Healed, "Handled.", 1), Cancel);
            await WaitForLocksAsync(1, ending);
            keeping = KeepAsync(again);
            await WaitForLocksAsync(2, keeping);
            await transaction.CommitAsync(Cancel);
        }

        await Task.WhenAll(ending, keeping);

        (await HealedAnewAsync(again)).ShouldBeTrue("nobody else would heal it");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_another_instance_has_just_sent_again_is_not_sent_once_more()
    {
        var (letter, _) = await HealingAsync();
        await using var holding = await Database.OpenConnectionAsync(Cancel);
        await using var sending = await Database.OpenConnectionAsync(Cancel);
        await using (var turn = await holding.BeginTransactionAsync(Cancel))
        await using (var transaction = await sending.BeginTransactionAsync(Cancel))
        {
            // The other's turn: nobody else looks. It has sent, and is about to commit when this instance begins to look.
            await ExecuteAsync($"SELECT pg_advisory_xact_lock({RedriveWorker.MessagesLock})", holding, turn);
            await ExecuteAsync($"INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at) VALUES ('{letter.Id}', '{Guid.CreateVersion7()}', 'ann', 'drill', now())");
            await ExecuteAsync("UPDATE redrives SET sent_at = now()", sending, transaction);
            await turn.CommitAsync(Cancel);
            await WaitForLocksAsync(1, Task.Delay(Timeout.Infinite, Cancel));
            await transaction.CommitAsync(Cancel);
        }

        // What is sent after it, in the same partition, is the first that comes.
        var next = await ArrivedAsync(letter with { Id = Guid.CreateVersion7(), Operation = "the next" });
        await RedriveAsync(next.Id);
        await using var command = Database.CreateCommand($"SELECT message_id::text FROM redrives WHERE letter_id = '{next.Id}'");
        var expected = (string)(await command.ExecuteScalarAsync(Cancel))!;
        var sent = await World.Kafka.ReadAsync(Topics.OrderEvents, read => read.Any(message => IdOf(message) == expected), TestContext.Current.CancellationToken);
        sent.Select(IdOf).ShouldBe([expected]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_does_not_answer_is_asked_once_for_all_its_sagas_and_keeps_no_other_waiting()
    {
        await using var silent = await FakeShop.StartAsync();
        silent.IsAway = true;
        await StartAsync(("Healing:Automatic", "false"), ("services:payments:http:0", silent.Address.ToString()));
        var letters = Enumerable.Range(0, 25).Select(_ => OfOrder() with { Id = Guid.CreateVersion7(), ServiceName = "payments" }).Append(OfOrder()).ToList();
        foreach (var letter in letters)
        {
            await World.SendAsync(letter);
        }

        await World.UntilAsync("/api/dead-letters", list => list.GetArrayLength() == letters.Count);
        await RedriveAsync(letters.Select(letter => letter.Id));

        await World.UntilAsync("/api/tickets?most=100", list => list.EnumerateArray().Any(ticket => ticket.GetProperty("lastComment").GetString()!.Contains("tried again", StringComparison.Ordinal)));
        Shop.Acts.ShouldBe(["retry"]);
        silent.Asked.ShouldBe(1);
        (await ScalarAsync("SELECT count(*) FROM redrives WHERE sent_at IS NULL")).ShouldBe(25);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private static string IdOf(ConsumeResult<string, byte[]> message) => Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes("message-id"));

    /// <summary>A healing that goes on, whose message was sent again, and the letter that tells that it failed again; of a group that nobody here is.</summary>
    private async Task<(DeadLetter Letter, DeadLetter Again)> HealingAsync()
    {
        await StartAsync(("Healing:Automatic", "false"));
        var letter = OfMessage(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid()));
        letter = await ArrivedAsync(letter with { Source = DeadLetterSource.Message("another", Topics.OrderEvents, 0, 1, letter.Source.MessageId!, letter.Source.MessageType!) });
        await ExecuteAsync("INSERT INTO healings (letter_id, opened_at, claimed_until, started_at, engine) SELECT id, now(), 'infinity', now(), 'saga' FROM dead_letters");
        await ExecuteAsync($"INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, sent_at) VALUES ('{letter.Id}', '{_sentAgainAs}', 'healing', 'try 1', now(), now())");
        return (letter, letter with { Id = Guid.CreateVersion7(), Source = DeadLetterSource.Message("another", Topics.OrderEvents, 0, 2, _sentAgainAs.ToString(), letter.Source.MessageType!) });
    }

    private async Task<bool> HealedAnewAsync(DeadLetter letter) => await ScalarAsync($"SELECT count(*) FROM healings WHERE letter_id = '{letter.Id}'") == 1;
}
