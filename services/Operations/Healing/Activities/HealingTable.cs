using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>What activities read and write of a healing. Each write may be repeated and has its effect once. Thread-safe.</summary>
internal sealed class HealingTable(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Whose comments these are.</summary>
    public const string Author = "healing";

    /// <summary>The letter $1, and those of what was sent again for its ticket and failed again.</summary>
    private const string LettersOfTicket =
        """
        SELECT dead_letters.id, dead_letters.origin_id, dead_letters.arrived, dead_letters.arrived_at, dead_letters.error_code, dead_letters.error_detail
        FROM dead_letters JOIN (SELECT coalesce(origin_id, id) AS id FROM dead_letters WHERE id = $1) AS first ON dead_letters.id = first.id OR dead_letters.origin_id = first.id
        """;

    /// <summary>The letter and its cause.</summary>
    /// <exception cref="InvalidOperationException">There is none: whoever started the healing has made it up.</exception>
    public async Task<(DeadLetter Letter, string Fingerprint)> LetterAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = Command("SELECT letter, fingerprint FROM dead_letters WHERE id = $1", Value(id));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? (DeadLetter.Parse(row.GetFieldValue<byte[]>(0)), row.GetString(1))
            : throw new InvalidOperationException($"There is no dead letter {id}.");
    }

    /// <summary>How many letters of a kind came in a time.</summary>
    public async Task<int> CountAsync(DeadLetter like, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "SELECT count(*)::int FROM dead_letters WHERE service_name = $1 AND operation = $2 AND error_code = $3 AND failed_at >= $4 AND failed_at < $5",
            SqlText.Of(like.ServiceName),
            SqlText.Of(like.Operation),
            SqlText.Of(like.ErrorCode),
            Value(from),
            Value(to));
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Sets a ticket's status and says why, once. What is late, after the healing has ended, is said and changes no status.</summary>
    /// <param name="letter">The letter of the ticket.</param>
    /// <param name="entry">Name of the comment: it is there once.</param>
    /// <param name="status">The new status; null to leave it.</param>
    /// <param name="text">What is said.</param>
    /// <param name="author">By whom; null for the healing itself.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public async Task CommentAsync(Guid letter, string entry, string? status, string text, string? author, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(LockTicket(letter));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            WITH ticket AS (SELECT number FROM tickets JOIN dead_letters ON letter_id = coalesce(origin_id, id) WHERE id = $1),
            said AS (
                INSERT INTO ticket_comments (ticket, at, author, text, entry) SELECT number, $3, $4, $5, $2 FROM ticket
                ON CONFLICT (ticket, entry) WHERE entry IS NOT NULL DO NOTHING RETURNING ticket)
            UPDATE tickets SET changed_at = $3, status = CASE WHEN EXISTS (SELECT FROM healings WHERE letter_id = $1 AND outcome IS NOT NULL) THEN status ELSE coalesce($6, status) END
            FROM said WHERE number = said.ticket
            """)
        {
            Parameters = { Value(letter), SqlText.Of($"{letter} {entry}"), Value(time.GetUtcNow()), SqlText.Of(author ?? Author), SqlText.Of(text), SqlText.Of(status) },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Keeps what was found.</summary>
    public async Task DiagnosedAsync(Guid letter, Diagnosis diagnosis, CancellationToken cancellationToken)
    {
        await using var command = Command("UPDATE healings SET diagnosis = $2 WHERE letter_id = $1", Value(letter), Json(diagnosis));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Counts a try for the cause, unless the cause has had as many as it may, lately, and nobody allows one more.</summary>
    public async Task<AttemptPermit> BeginAttemptAsync(
        Guid letter, int number, string fingerprint, int most, TimeSpan within, string? allowedBy, CancellationToken cancellationToken)
    {
        // One cause after the other: two letters of it may ask at the same time.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))") { Parameters = { SqlText.Of(fingerprint) } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            INSERT INTO healing_attempts (letter_id, number, fingerprint, allowed_by, at)
            SELECT $1, $2, $3, $4, $5 WHERE $4 IS NOT NULL OR (SELECT count(*) FROM healing_attempts WHERE fingerprint = $3 AND allowed_by IS NULL AND at > $7) < $6
            ON CONFLICT DO NOTHING
            """)
        {
            Parameters = { Value(letter), Value(number), SqlText.Of(fingerprint), SqlText.Of(allowedBy), Value(time.GetUtcNow()), Value(most), Value(time.GetUtcNow() - within) },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT EXISTS (SELECT FROM healing_attempts WHERE letter_id = $1 AND number = $2)") { Parameters = { Value(letter), Value(number) } });
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetBoolean(0)
            ? new AttemptPermit(true, null)
            : new AttemptPermit(false, FormattableString.Invariant($"This cause was tried {most} times already, for this letter or an earlier one."));
    }

    /// <summary>
    /// Plans that the letter's message is sent again, once for a try; not where it waits to be sent again already, or was and has not failed since: what a person had sent again need
    /// not be handled twice.
    /// </summary>
    public async Task RedriveAsync(Guid letter, Guid messageId, string reason, CancellationToken cancellationToken)
    {
        await using var command = Command(
            $"""
            WITH ticket AS ({LettersOfTicket})
            INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at)
            SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (
                SELECT FROM redrives WHERE letter_id IN (SELECT id FROM ticket) AND (sent_at IS NULL OR sent_at > (SELECT max(arrived_at) FROM ticket)))
            ON CONFLICT DO NOTHING
            """,
            Value(letter),
            Value(messageId),
            SqlText.Of(Author),
            SqlText.Of(reason),
            Value(time.GetUtcNow()));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>When the message of a redrive, or of a later one of its ticket, was sent, whether it failed again since, and when a group of this database had it.</summary>
    public async Task<(DateTimeOffset? SentAt, string? FailedAgain, DateTimeOffset? ReceivedAt)> RedrivenAsync(Guid letter, Guid messageId, CancellationToken cancellationToken)
    {
        await using var command = Command(
            $"""
            WITH ticket AS ({LettersOfTicket})
            SELECT sent_at,
                coalesce(refusal, (SELECT error_code || ': ' || error_detail FROM ticket WHERE origin_id IS NOT NULL AND arrived_at >= sent_at ORDER BY arrived DESC LIMIT 1)),
                (SELECT max(received_at) FROM durable.inbox WHERE durable.inbox.message_id = redrives.message_id::text)
            FROM redrives WHERE letter_id IN (SELECT id FROM ticket)
            ORDER BY message_id = $2 DESC, id DESC LIMIT 1
            """,
            Value(letter),
            Value(messageId));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? (row.IsDBNull(0) ? null : row.GetFieldValue<DateTimeOffset>(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? null : row.GetFieldValue<DateTimeOffset>(2))
            : (null, null, null);
    }

    /// <summary>Whether another letter about the same thing is being healed: it failed for another reason before or after.</summary>
    public async Task<bool> IsHealedElsewhereAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT EXISTS (
                SELECT FROM healings JOIN dead_letters ON id = letter_id
                WHERE outcome IS NULL AND letter_id <> $1 AND service_name = $2 AND key = $3 AND (SELECT status FROM tickets WHERE tickets.letter_id = healings.letter_id) <> 'escalated')
            """,
            Value(letter.Id),
            SqlText.Of(letter.ServiceName),
            SqlText.Of(letter.Key));
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Ends a healing and says so in its ticket, both or neither, once. A message that failed again after it was taken for handled has told nobody, because this healing was there to
    /// hear it: it is healed anew.
    /// </summary>
    /// <param name="letter">The letter.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="status">The ticket's status from now on.</param>
    /// <param name="text">What is said.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>Whether it ended now and not before, for good.</returns>
    public async Task<bool> EndAsync(Guid letter, string outcome, string status, string text, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(LockTicket(letter));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            WITH ended AS (UPDATE healings SET outcome = $2, ended_at = $3 WHERE letter_id = $1 AND outcome IS NULL RETURNING letter_id),
            anew AS (
                INSERT INTO healings (letter_id, opened_at)
                SELECT again.id, $3 FROM ended JOIN dead_letters mine ON mine.id = letter_id JOIN dead_letters again ON again.origin_id = coalesce(mine.origin_id, mine.id)
                WHERE $2 = 'healed' AND again.arrived_at > (
                        SELECT max(sent_at) FROM redrives JOIN dead_letters sent ON sent.id = redrives.letter_id WHERE coalesce(sent.origin_id, sent.id) = coalesce(mine.origin_id, mine.id))
                    AND NOT EXISTS (SELECT FROM healings known WHERE known.letter_id = again.id)
                ORDER BY again.arrived DESC LIMIT 1
                RETURNING letter_id),
            ticket AS (
                UPDATE tickets SET status = CASE WHEN EXISTS (SELECT FROM anew) THEN 'open' ELSE $4 END, changed_at = $3
                FROM ended JOIN dead_letters ON id = ended.letter_id WHERE tickets.letter_id = coalesce(origin_id, id) RETURNING number),
            said AS (
                INSERT INTO ticket_comments (ticket, at, author, text, entry)
                SELECT number, $3, $6, CASE WHEN EXISTS (SELECT FROM anew) THEN 'It failed again after it was taken for handled, and is healed anew.' ELSE $5 END, $7 FROM ticket
                ON CONFLICT (ticket, entry) WHERE entry IS NOT NULL DO NOTHING)
            SELECT EXISTS (SELECT FROM ended) AND NOT EXISTS (SELECT FROM anew)
            """)
        {
            Parameters = { Value(letter), SqlText.Of(outcome), Value(time.GetUtcNow()), SqlText.Of(status), SqlText.Of(text), SqlText.Of(Author), SqlText.Of($"{letter} end") },
        });
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetBoolean(0);
    }

    /// <summary>
    /// Locks the ticket of a letter, in a statement of its own: what follows in the batch sees what whoever held it has written. A letter that fails again and the end of its healing do
    /// not miss each other so. Always before a row of healings is locked.
    /// </summary>
    internal static NpgsqlBatchCommand LockTicket(Guid letter) => new("SELECT FROM tickets WHERE letter_id = (SELECT coalesce(origin_id, id) FROM dead_letters WHERE id = $1) FOR UPDATE")
    {
        Parameters = { Value(letter) },
    };

    /// <summary>The same for a ticket by its number.</summary>
    internal static NpgsqlBatchCommand LockTicket(long number) => new("SELECT FROM tickets WHERE number = $1 FOR UPDATE") { Parameters = { Value(number) } };

    private NpgsqlCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    private static NpgsqlParameter Json<T>(T value) => new() { Value = JsonSerializer.Serialize(value, JsonSerializerOptions.Web), NpgsqlDbType = NpgsqlDbType.Json };
}
