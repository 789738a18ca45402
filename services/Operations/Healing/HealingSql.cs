using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Operations.Healing;

/// <summary>The statements of dead letters and tickets.</summary>
internal static class HealingSql
{
    /// <summary>
    /// Locks the ticket that a letter belongs to, where it is of a message that was sent again; before <see cref="Keep"/>, which then sees whether a healing of it has ended.
    /// </summary>
    public static NpgsqlBatchCommand? LockTicket(ArrivedLetter arrived) => Guid.TryParse(arrived.Letter.Source.MessageId, out var sent)
        ? new NpgsqlBatchCommand(
            """
            SELECT FROM tickets WHERE letter_id = (
                SELECT coalesce(letter.origin_id, letter.id) FROM redrives JOIN dead_letters letter ON letter.id = redrives.letter_id WHERE redrives.message_id = $1) FOR UPDATE
            """)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = sent } },
        }
        : null;

    /// <summary>
    /// Keeps a letter, opens its ticket and says so in a comment; nothing when the letter is known. A letter of a message that was sent again has the ticket of the first one, and a
    /// cause too where it has no key, because each time it is sent it is another message; it has a
    /// healing of its own only when none of the ticket goes on: the one that had it sent again is told by this letter that it failed.
    /// </summary>
    public static NpgsqlBatchCommand Keep(ArrivedLetter arrived, HealingOptions options, DateTimeOffset now)
    {
        var letter = arrived.Letter;
        return new NpgsqlBatchCommand(
            """
            WITH origin AS (
                SELECT coalesce(letter.origin_id, letter.id) AS id FROM redrives JOIN dead_letters letter ON letter.id = redrives.letter_id WHERE redrives.message_id = $17),
            kept AS (
                INSERT INTO dead_letters (id, service_name, operation, error_code, error_detail, retry_count, key, traceparent, failed_at, arrived_at, fingerprint, letter, origin_id)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                    coalesce((SELECT fingerprint FROM dead_letters first JOIN origin ON origin.id = first.id WHERE $7 = ''), $11), $12, (SELECT id FROM origin))
                ON CONFLICT (id) DO NOTHING
                RETURNING id, origin_id),
            opened AS (
                INSERT INTO tickets (letter_id, summary, priority, labels, status, opened_at, changed_at)
                SELECT id, $13, $14, $15, 'open', $10, $10 FROM kept WHERE origin_id IS NULL
                RETURNING number, '' AS before),
            opened_again AS (
                UPDATE tickets SET status = 'open', changed_at = $10 FROM kept WHERE tickets.letter_id = kept.origin_id
                RETURNING number, 'It was sent again and failed again. ' AS before),
            to_heal AS (INSERT INTO healings (letter_id, opened_at) SELECT id, $10 FROM kept
                WHERE $18 AND NOT EXISTS (
                    SELECT FROM healings JOIN dead_letters letter ON letter.id = letter_id
                    WHERE outcome IS NULL AND coalesce(letter.origin_id, letter.id) = kept.origin_id)
                RETURNING letter_id)
            INSERT INTO ticket_comments (ticket, at, author, text)
            SELECT number, $10, 'healing', before || $16 FROM (SELECT * FROM opened UNION ALL SELECT * FROM opened_again) AS either
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = letter.Id },
                SqlText.Of(letter.ServiceName),
                SqlText.Of(letter.Operation),
                SqlText.Of(letter.ErrorCode),
                SqlText.Of(letter.ErrorDetail),
                new NpgsqlParameter<int> { TypedValue = letter.RetryCount },
                SqlText.Of(letter.Key),
                SqlText.Of(letter.Traceparent),
                new NpgsqlParameter<DateTimeOffset> { TypedValue = letter.Time },
                new NpgsqlParameter<DateTimeOffset> { TypedValue = now },
                SqlText.Of(arrived.Fingerprint),
                new NpgsqlParameter<byte[]> { TypedValue = arrived.Bytes },
                SqlText.Of($"{letter.ServiceName} - Failed"),
                SqlText.Of(options.PriorityOf(letter.ErrorCode)),
                new NpgsqlParameter<string[]> { TypedValue = [.. options.Labels] },
                SqlText.Of($"{letter.Operation} failed {letter.RetryCount} times: {letter.ErrorCode}. {letter.ErrorDetail}"),
                new NpgsqlParameter { Value = Guid.TryParse(letter.Source.MessageId, out var sent) ? sent : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                new NpgsqlParameter<bool> { TypedValue = options.Automatic },
            },
        };
    }
}
