using System.Globalization;
using Npgsql;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing;

/// <summary>
/// Looks what came of redrives that people asked for, and closes their tickets or leaves them to a person. Not while a healing of the ticket goes on, which does the same, nor when
/// it has failed again and its new letter has opened the ticket. Every instance follows some.
/// </summary>
internal sealed partial class RedriveFollower(NpgsqlDataSource database, Verifier verifier, TimeProvider time, ILogger<RedriveFollower> logger) : BackgroundService
{
    private const int MostAtOnce = 20;

    /// <summary>Longer than a saga takes with all its retries and its hold.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Another instance looks when this one has died.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => WorkLoop.RunAsync(
        async () =>
        {
            foreach (var redrive in await ClaimAsync(stoppingToken))
            {
                await FollowAsync(redrive, stoppingToken);
            }
        },
        Look,
        time,
        LogNotNow,
        stoppingToken);

    private async Task<List<Redrive>> ClaimAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(string.Create(CultureInfo.InvariantCulture, $"""
            UPDATE redrives SET claimed_until = $1 FROM dead_letters
            WHERE dead_letters.id = letter_id AND redrives.id IN (
                SELECT redrives.id FROM redrives JOIN dead_letters letter ON letter.id = letter_id
                WHERE sent_at IS NOT NULL AND ended_at IS NULL AND requested_by <> '{HealingTable.Author}' AND claimed_until <= $2 AND NOT EXISTS (
                    SELECT FROM healings JOIN dead_letters healed ON healed.id = healings.letter_id
                    WHERE outcome IS NULL AND coalesce(healed.origin_id, healed.id) = coalesce(letter.origin_id, letter.id))
                ORDER BY claimed_until, redrives.id LIMIT {MostAtOnce} FOR UPDATE OF redrives SKIP LOCKED)
            RETURNING redrives.id, message_id, letter, sent_at, requested_by, EXISTS (
                SELECT FROM dead_letters again WHERE again.origin_id = coalesce(dead_letters.origin_id, dead_letters.id) AND again.arrived_at >= sent_at)
            """));
        var now = time.GetUtcNow();
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now + Claim });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var claimed = new List<Redrive>();
        while (await row.ReadAsync(cancellationToken))
        {
            claimed.Add(new Redrive(
                row.GetInt64(0), row.GetGuid(1), DeadLetter.Parse(row.GetFieldValue<byte[]>(2)), row.GetFieldValue<DateTimeOffset>(3), row.GetString(4), HasFailedAgain: row.GetBoolean(5)));
        }

        return claimed;
    }

    private async Task FollowAsync(Redrive redrive, CancellationToken cancellationToken)
    {
        if (redrive.HasFailedAgain)
        {
            await EndAsync(redrive, status: null, text: null, cancellationToken);
            return;
        }

        var (known, now) = await verifier.LookAsync(redrive.Letter, redrive.MessageId, cancellationToken);
        if (known is null && time.GetUtcNow() - redrive.SentAt < Patience)
        {
            await LookAgainAsync(redrive, cancellationToken);
            return;
        }

        known ??= new Verification(Verification.Failed, string.Create(CultureInfo.InvariantCulture, $"After {Patience.TotalMinutes:0} min: {now}."));
        await EndAsync(
            redrive, known.State == Verification.Failed ? "escalated" : "resolved", $"What {redrive.By} had tried again: {known.State}. {known.Detail}", cancellationToken);
    }

    private async Task LookAgainAsync(Redrive redrive, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("UPDATE redrives SET claimed_until = $2 WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = redrive.Id });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() + Look });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task EndAsync(Redrive redrive, string? status, string? text, CancellationToken cancellationToken)
    {
        // What has failed again meanwhile has opened its ticket, and nothing else is said of it.
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(HealingTable.LockTicket(redrive.Letter.Id));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            $"""
            WITH ended AS (UPDATE redrives SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING letter_id, sent_at),
            ticket AS (
                UPDATE tickets SET status = $3, changed_at = $2 FROM ended JOIN dead_letters ON id = ended.letter_id
                WHERE $3 IS NOT NULL AND tickets.letter_id = coalesce(origin_id, id)
                    AND NOT EXISTS (SELECT FROM dead_letters again WHERE again.origin_id = coalesce(dead_letters.origin_id, dead_letters.id) AND again.arrived_at >= ended.sent_at)
                RETURNING number)
            INSERT INTO ticket_comments (ticket, at, author, text) SELECT number, $2, '{HealingTable.Author}', $4 FROM ticket
            """)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = redrive.Id }, new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() }, SqlText.Of(status), SqlText.Of(text) },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "What came of redrives is looked at later: {Problem}")]
    private partial void LogNotNow(string problem);

    private sealed record Redrive(long Id, Guid MessageId, DeadLetter Letter, DateTimeOffset SentAt, string By, bool HasFailedAgain);
}
