using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing;

/// <summary>Plans which letters are redriven and when, messages by sending them again, sagas by having their service try them again: in the order in which they came, behind everything that waits already, at a capped rate. Thread-safe.</summary>
internal sealed class RedrivePlan(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Only one plan at a time, in all instances: due times follow one another.</summary>
    internal const long LockKey = 0x7265_6472_6976;
    private const int MostRefusals = 100;

    /// <summary>Plans, or says what would be planned.</summary>
    public async Task<RedriveView> MakeAsync(RedriveRequest request, string reason, string by, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var start = await BeginAsync(connection, cancellationToken);
        var letters = await FindAsync(request, connection, cancellationToken);
        var step = TimeSpan.FromSeconds(1.0 / request.PerSecond);
        var planned = letters.Where(letter => letter.Refusal is null).Select((letter, place) => (letter.Id, letter.OfSaga, DueAt: start + (place * step))).ToList();
        if (!request.DryRun && planned.Count > 0)
        {
            await AddAsync(planned, reason, by, connection, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        var refused = letters.Where(letter => letter.Refusal is not null).Take(MostRefusals).Select(letter => new RedriveRefusal(letter.Id, letter.Refusal!));
        return new RedriveView(request.DryRun, letters.Count, planned.Count, planned.Count > 0 ? planned[^1].DueAt : null, [.. refused]);
    }

    /// <summary>When the first may leave.</summary>
    private async Task<DateTimeOffset> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({LockKey})")),
                new NpgsqlBatchCommand("SELECT max(due_at) FROM redrives WHERE sent_at IS NULL"),
            },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var now = time.GetUtcNow();
        return await row.IsDBNullAsync(0, cancellationToken) || row.GetFieldValue<DateTimeOffset>(0) is var last && last < now ? now : last;
    }

    /// <summary>By filter only what is not done yet nor under way, and of a ticket the letter that came last: the others are of the same message.</summary>
    private static async Task<List<(Guid Id, bool OfSaga, string? Refusal)>> FindAsync(RedriveRequest request, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT id, letter, EXISTS (SELECT FROM redrives WHERE letter_id = dead_letters.id AND sent_at IS NULL) FROM dead_letters
            WHERE ($1 IS NULL OR id = ANY ($1)) AND ($2 IS NULL OR service_name = $2) AND ($3 IS NULL OR operation = $3) AND ($4 IS NULL OR error_code = $4)
                AND ($5 IS NULL OR key = $5) AND ($6 IS NULL OR fingerprint = $6)
                AND ($1 IS NOT NULL OR (SELECT status FROM tickets WHERE tickets.letter_id = coalesce(origin_id, dead_letters.id)) <> 'resolved'
                    AND NOT EXISTS (SELECT FROM dead_letters newer WHERE newer.origin_id = coalesce(dead_letters.origin_id, dead_letters.id) AND newer.arrived > dead_letters.arrived)
                    AND NOT EXISTS (
                        SELECT FROM redrives JOIN dead_letters sent ON sent.id = redrives.letter_id
                        WHERE coalesce(sent.origin_id, sent.id) = coalesce(dead_letters.origin_id, dead_letters.id) AND sent_at > dead_letters.arrived_at AND ended_at IS NULL AND requested_by <> 'healing'))
            ORDER BY arrived LIMIT $7
            """,
            connection)
        {
            Parameters = { new NpgsqlParameter { Value = (object?)request.Ids?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid } },
        };
        foreach (var value in new[] { request.Service, request.Operation, request.Code, request.Key, request.Fingerprint })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        }

        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = RedriveRequest.Most });
        var letters = new List<(Guid Id, bool, string?)>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                var letter = DeadLetter.Parse(row.GetFieldValue<byte[]>(1));
                letters.Add((row.GetGuid(0), letter.Source.Kind == DeadLetterSource.SagaKind, row.GetBoolean(2) ? "It waits to be sent again already." : RefusalOf(letter)));
            }
        }

        foreach (var unknown in request.Ids?.Except(letters.Select(letter => letter.Id)).ToList() ?? [])
        {
            letters.Add((unknown, false, "There is no such letter."));
        }

        return letters;
    }

    /// <summary>Why a letter's message cannot be sent again; null when it can.</summary>
    internal static string? RefusalOf(DeadLetter letter) => letter switch
    {
        { Source.Kind: DeadLetterSource.SagaKind } => null,
        { Source.Group: null } => "It does not say which consumer group could not handle its message; the others must not get it again.",
        { PayloadTruncated: true } => string.Create(CultureInfo.InvariantCulture, $"Only the beginning of its payload is here, {DeadLetter.MaxPayloadBytes} of {letter.PayloadBytes} bytes; whoever sent it must send it again."),
        { Payload: null } => "It has no payload; whoever sent it must send it again.",
        { Key.Length: >= DeadLetter.MaxTextLength } => "Its key is cut; whoever sent it must send it again.",
        _ => null,
    };

    private static async Task AddAsync(
        List<(Guid Id, bool OfSaga, DateTimeOffset DueAt)> planned, string reason, string by, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO redrives (letter_id, message_id, requested_by, reason, due_at, of_saga)
            SELECT id, gen_random_uuid(), $3, $4, due, of_saga FROM unnest($1, $2, $5) WITH ORDINALITY AS one (id, due, of_saga, place) ORDER BY place ON CONFLICT DO NOTHING
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid[]> { TypedValue = [.. planned.Select(one => one.Id)] },
                new NpgsqlParameter<DateTime[]> { TypedValue = [.. planned.Select(one => one.DueAt.UtcDateTime)] },
                new NpgsqlParameter<string> { TypedValue = by },
                SqlText.Of(reason),
                new NpgsqlParameter<bool[]> { TypedValue = [.. planned.Select(one => one.OfSaga)] },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
