using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>The statements on <c>durable.sagas</c>, which holds the sagas under way, and <c>durable.finished_sagas</c>, where those go that have ended.</summary>
internal static class SagaSql
{
    /// <summary>Wakes whoever looks for sagas that nobody drives.</summary>
    public const string Channel = "durable_sagas";

    public const string Columns =
        "s.id, s.definition, s.version, s.status, s.step, s.attempts, s.epoch, s.cancel_code, s.cancel_detail, s.failure_code, s.failure_detail, s.traceparent, s.data::text, s.channel, s.last_error_code, s.last_error";

    public const string Insert =
        """
        INSERT INTO durable.sagas (id, definition, version, status, step, epoch, owner, lease_until, traceparent, data, history, channel)
        VALUES ($1, $2, $3, 'running', 0, 1, CASE WHEN $9 THEN $4 END, CASE WHEN $9 THEN now() + $5 END, $6, $7, $8, $10)
        """;

    public const string Advance =
        """
        UPDATE durable.sagas SET status = $3, step = $4, attempts = 0, history = durable.saga_history(history, $5), updated_at = now()
        WHERE id = $1 AND epoch = $2
        RETURNING cancel_code, cancel_detail
        """;

    public const string RecordFailure =
        """
        UPDATE durable.sagas SET status = $3, attempts = $4, next_attempt_at = CASE WHEN $3 = 'held' AND cancel_code IS NOT NULL THEN now() ELSE now() + $5 END, last_error_code = $6, last_error = $7,
          owner = CASE WHEN $8 THEN NULL ELSE owner END, lease_until = CASE WHEN $8 THEN NULL ELSE lease_until END,
          history = durable.saga_history(history, $9), updated_at = now()
        WHERE id = $1 AND epoch = $2
        RETURNING cancel_code, cancel_detail
        """;

    public const string RequireOwned = "SELECT durable.saga_owned($1, $2)";

    public const string Transition = "SELECT durable.saga_transition($1, $2, $3, $4, $5, $6, $7, $8)";

    public const string FindCancellation = "SELECT cancel_code, cancel_detail FROM durable.sagas WHERE id = $1 AND epoch = $2";

    public const string Claim =
        $"""
        WITH due AS (
          SELECT id FROM durable.sagas
          WHERE (lease_until IS NULL OR lease_until < now()) AND next_attempt_at <= now()
            AND (definition, version) IN (SELECT * FROM unnest($2, $3))
          ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        UPDATE durable.sagas AS s SET owner = $4, lease_until = now() + $5, epoch = s.epoch + 1, updated_at = now()
        FROM due WHERE s.id = due.id
        RETURNING {Columns}
        """;

    public const string UntilNextDue =
        """
        SELECT min(greatest(lease_until, next_attempt_at)) - now() FROM durable.sagas
        WHERE (definition, version) IN (SELECT * FROM unnest($1, $2))
        """;

    public const string Renew =
        """
        UPDATE durable.sagas AS s SET lease_until = now() + $3 FROM unnest($1, $2) AS held (id, epoch)
        WHERE s.id = held.id AND s.epoch = held.epoch AND s.owner = $4
        RETURNING s.id
        """;

    public const string ReleaseAll =
        $"""
        WITH released AS (
          UPDATE durable.sagas SET owner = NULL, lease_until = NULL
          WHERE owner = $1 RETURNING id)
        SELECT pg_notify('{Channel}', '') FROM released LIMIT 1
        """;

    public const string Notify = $"SELECT pg_notify('{Channel}', '')";

    public const string FindFinished =
        "SELECT id, status, failure_code, failure_detail, updated_at FROM durable.finished_sagas WHERE id = ANY($1)";

    public const string FindForUpdate = $"SELECT {Columns} FROM durable.sagas AS s WHERE s.id = $1 FOR UPDATE";

    public const string FindFinishedForUpdate = $"SELECT {Columns} FROM durable.finished_sagas AS s WHERE s.id = $1 FOR UPDATE";

    /// <summary>Takes an ended one back among those under way; for <see cref="Reopen"/> and <see cref="Intervene"/> to change.</summary>
    public const string TakeBack = "SELECT durable.saga_reopen($1)";

    public const string RequestCancel =
        """
        UPDATE durable.sagas SET cancel_code = coalesce(cancel_code, $2), cancel_detail = coalesce(cancel_detail, $3), next_attempt_at = now(), updated_at = now()
        WHERE id = $1
        """;

    public const string Reopen =
        """
        UPDATE durable.sagas SET status = 'compensating', step = $2, attempts = 0, next_attempt_at = now(), epoch = epoch + 1, owner = $3,
          lease_until = now() + $4, cancel_code = $5, cancel_detail = $6, failure_code = $5, failure_detail = $6,
          history = durable.saga_history(history, $7), updated_at = now()
        WHERE id = $1
        """;

    /// <summary>What an operator decided. Nobody owns the saga afterwards, and the one who did cannot write any more.</summary>
    public const string Intervene =
        """
        UPDATE durable.sagas SET status = $2, step = $3, attempts = 0, next_attempt_at = now(), epoch = epoch + 1, owner = NULL, lease_until = NULL,
          failure_code = $4, failure_detail = $5, history = durable.saga_history(history, $6), updated_at = now()
        WHERE id = $1
        """;

    public const string ViewColumns =
        """
        id, definition, version, status, step, attempts, failure_code, failure_detail, last_error_code, last_error, owner,
          CASE WHEN lease_until IS NULL OR lease_until < now() THEN next_attempt_at END, created_at, updated_at, history
        """;

    public const string FindView =
        $"SELECT {ViewColumns} FROM durable.sagas WHERE id = $1 UNION ALL SELECT {ViewColumns} FROM durable.finished_sagas WHERE id = $1 LIMIT 1";

    /// <summary>Unfinished ones, oldest first: $1 overdue after, $2 whether stuck ones only, $3 and $4 the known definitions or null, $5 how many.</summary>
    public const string ListViews =
        $"""
        SELECT {ViewColumns} FROM durable.sagas
        WHERE created_at <= now() - $1 AND (NOT $2 OR status IN ('stuck', 'stalled', 'held'))
          AND ($3::text[] IS NULL OR (definition, version) NOT IN (SELECT * FROM unnest($3, $4)))
        ORDER BY created_at LIMIT $5
        """;

    public const string Forget = "DELETE FROM durable.finished_sagas WHERE id = $1";

    public const string ForgetOld =
        "DELETE FROM durable.finished_sagas WHERE id IN (SELECT id FROM durable.finished_sagas WHERE updated_at < now() - $1 LIMIT $2)";

    public const string Measure =
        """
        SELECT definition, count(*), count(*) FILTER (WHERE created_at <= now() - $1), count(*) FILTER (WHERE status IN ('stuck', 'stalled')), count(*) FILTER (WHERE status = 'held')
        FROM durable.sagas GROUP BY definition
        """;

    /// <summary>Registers a shape, and says which one is registered and whether sagas of it are under way.</summary>
    public const string Register =
        """
        WITH added AS (INSERT INTO durable.saga_definitions (name, version, shape) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING shape)
        SELECT coalesce((SELECT shape FROM added), (SELECT shape FROM durable.saga_definitions WHERE name = $1 AND version = $2)),
          (SELECT count(*) FROM durable.sagas WHERE definition = $1 AND version = $2)
        """;

    public const string Reshape = "UPDATE durable.saga_definitions SET shape = $3, registered_at = now() WHERE name = $1 AND version = $2";

    public static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter<string[]> News(SagaContext saga) => Value(saga.News.Select(entry => entry.ToJson()).ToArray());

    public static SagaContext Read(NpgsqlDataReader reader, SagaDefinition definition)
    {
        var saga = new SagaContext(reader.GetGuid(0), definition, reader.GetString(12), data: null, NullableText(reader, 11))
        {
            Status = SagaStatusNames.Parse(reader.GetString(3)),
            Step = reader.GetInt32(4),
            Attempts = reader.GetInt32(5),
            Epoch = reader.GetInt64(6),
            CancelCode = NullableText(reader, 7),
            CancelDetail = NullableText(reader, 8),
            FailureCode = NullableText(reader, 9),
            FailureDetail = NullableText(reader, 10),
            Channel = ReleaseChannels.Stored(NullableText(reader, 13)),
            LastErrorCode = NullableText(reader, 14),
            LastError = NullableText(reader, 15),
        };
        return saga;
    }

    public static SagaView ReadView(NpgsqlDataReader reader, SagaDefinitions definitions)
    {
        var status = SagaStatusNames.Parse(reader.GetString(3));
        var definition = definitions.Find(reader.GetString(1), reader.GetInt32(2));
        return new SagaView(
            reader.GetGuid(0),
            reader.GetString(1),
            reader.GetInt32(2),
            status.ToName(),
            IsParked: definition is null && status is not (SagaStatus.Completed or SagaStatus.Compensated),
            definition is null ? [] : SagaView.RemainingOf(definition, status, reader.GetInt32(4)),
            reader.GetInt32(5),
            NullableText(reader, 6),
            NullableText(reader, 7),
            NullableText(reader, 8),
            NullableText(reader, 9),
            NullableText(reader, 10),
            reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11),
            reader.GetFieldValue<DateTimeOffset>(12),
            reader.GetFieldValue<DateTimeOffset>(13),
            [.. reader.GetFieldValue<string[]>(14).Select(SagaHistoryEntry.FromJson)]);
    }

    public static string? NullableText(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
