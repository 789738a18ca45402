using Npgsql;
using ResilientShop.Operations.Healing.Activities;

namespace ResilientShop.Operations.Healing;

/// <summary>What people do with tickets themselves. Thread-safe.</summary>
internal sealed class TicketDesk(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>A saga that is being tried again is claimed for longer; one whose service is away is not.</summary>
    private static readonly TimeSpan InHand = RedriveWorker.AskAgainAfter;

    /// <summary>
    /// Closes a ticket that a person has seen to, and what waits to be sent again for it is not sent; not while a healing of it goes on, or it is not known yet what came of a redrive,
    /// which would say something else later.
    /// </summary>
    /// <param name="number">The ticket.</param>
    /// <param name="by">Who has seen to it.</param>
    /// <param name="reason">What was done.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>How it stood; null where there is no such ticket.</returns>
    public async Task<TicketStanding?> ResolveAsync(long number, string by, string reason, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var batch = database.CreateBatch();

        // A redrive is planned before this or after it; one that is being sent is sent before; a letter that is kept and a healing that ends have the ticket's lock. In this order, as everywhere.
        Add(batch, FormattableString.Invariant($"SELECT pg_advisory_xact_lock({RedrivePlan.LockKey})"));
        Add(
            batch,
            "SELECT FROM redrives WHERE sent_at IS NULL AND letter_id IN (SELECT id FROM tickets JOIN dead_letters ON id = letter_id OR origin_id = letter_id WHERE number = $1) ORDER BY id FOR UPDATE",
            new NpgsqlParameter<long> { TypedValue = number });
        batch.BatchCommands.Add(HealingTable.LockTicket(number));
        Add(
            batch,
            $"""
            WITH letters AS (SELECT id FROM tickets JOIN dead_letters ON id = letter_id OR origin_id = letter_id WHERE number = $1),
            standing AS (
                SELECT number, CASE
                    WHEN EXISTS (SELECT FROM healings JOIN letters ON id = letter_id WHERE outcome IS NULL) THEN {(int)TicketStanding.Heals}
                    WHEN EXISTS (
                        SELECT FROM redrives JOIN letters ON letters.id = letter_id
                        WHERE (sent_at IS NULL AND claimed_until > $5) OR (sent_at IS NOT NULL AND ended_at IS NULL AND requested_by <> '{HealingTable.Author}')) THEN {(int)TicketStanding.IsSentAgain}
                    WHEN status = 'resolved' THEN {(int)TicketStanding.WasResolved}
                    ELSE {(int)TicketStanding.Waits} END AS standing
                FROM tickets WHERE number = $1),
            closed AS (
                UPDATE tickets SET status = 'resolved', changed_at = $2 FROM standing
                WHERE tickets.number = standing.number AND standing = {(int)TicketStanding.Waits} RETURNING tickets.number),
            ended AS (
                UPDATE redrives SET sent_at = $2, ended_at = $2, refusal = 'The ticket was closed before: ' || $4 FROM closed, letters
                WHERE redrives.letter_id = letters.id AND sent_at IS NULL RETURNING redrives.id),
            said AS (
                INSERT INTO ticket_comments (ticket, at, author, text)
                SELECT number, $2, $3, 'resolve: ' || $4 || CASE WHEN EXISTS (SELECT FROM ended) THEN ' (What waited to be sent again is not sent.)' ELSE '' END FROM closed)
            SELECT standing FROM standing
            """,
            new NpgsqlParameter<long> { TypedValue = number },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = now },
            SqlText.Of(by),
            SqlText.Of(reason),
            new NpgsqlParameter<DateTimeOffset> { TypedValue = now + InHand });
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        for (var locks = 0; locks < batch.BatchCommands.Count - 1; locks++)
        {
            await row.NextResultAsync(cancellationToken);
        }

        return await row.ReadAsync(cancellationToken) ? (TicketStanding)row.GetInt32(0) : null;
    }

    private static void Add(NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
    }
}

/// <summary>How a ticket stands when a person wants to close it.</summary>
internal enum TicketStanding
{
    /// <summary>For a person: it can be closed.</summary>
    Waits,

    /// <summary>A healing of it goes on.</summary>
    Heals,

    /// <summary>Its message or saga was sent again, and what came of that is not known yet.</summary>
    IsSentAgain,

    /// <summary>It was closed before.</summary>
    WasResolved,
}
