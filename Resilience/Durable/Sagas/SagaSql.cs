using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>The statements on <c>durable.sagas</c>.</summary>
internal static class SagaSql
{
    public const string Columns =
        "s.id, s.definition, s.version, s.status, s.step, s.attempts, s.epoch, s.cancel_code, s.cancel_detail, s.failure_code, s.failure_detail, s.traceparent, s.data::text";

    public const string Insert =
        """
        INSERT INTO durable.sagas (id, definition, version, status, step, epoch, owner, lease_until, traceparent, data)
        VALUES ($1, $2, $3, 'running', 0, 1, $4, now() + $5, $6, $7)
        """;

    public const string Advance =
        """
        UPDATE durable.sagas SET status = $3, step = $4, attempts = 0, updated_at = now()
        WHERE id = $1 AND epoch = $2 AND status IN ('running', 'compensating', 'stuck')
        RETURNING cancel_code, cancel_detail
        """;

    public const string RecordFailure =
        """
        UPDATE durable.sagas SET status = $3, attempts = $4, next_attempt_at = now() + $5, last_error_code = $6, last_error = $7,
          owner = CASE WHEN $8 THEN NULL ELSE owner END, lease_until = CASE WHEN $8 THEN NULL ELSE lease_until END, updated_at = now()
        WHERE id = $1 AND epoch = $2 AND status IN ('running', 'compensating', 'stuck')
        RETURNING cancel_code, cancel_detail
        """;

    public const string Transition = "SELECT durable.saga_transition($1, $2, $3, $4, $5, $6)";

    public const string FindCancellation = "SELECT cancel_code, cancel_detail FROM durable.sagas WHERE id = $1 AND epoch = $2";

    public const string Claim =
        $"""
        WITH due AS (
          SELECT id FROM durable.sagas
          WHERE status IN ('running', 'compensating', 'stuck') AND (lease_until IS NULL OR lease_until < now()) AND next_attempt_at <= now()
            AND (definition, version) IN (SELECT * FROM unnest($2, $3))
          ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        UPDATE durable.sagas AS s SET owner = $4, lease_until = now() + $5, epoch = s.epoch + 1, updated_at = now()
        FROM due WHERE s.id = due.id
        RETURNING {Columns}
        """;

    public const string Renew =
        """
        UPDATE durable.sagas AS s SET lease_until = now() + $3 FROM unnest($1, $2) AS held (id, epoch)
        WHERE s.id = held.id AND s.epoch = held.epoch AND s.owner = $4 AND s.status IN ('running', 'compensating', 'stuck')
        RETURNING s.id
        """;

    public const string ReleaseAll =
        """
        UPDATE durable.sagas SET owner = NULL, lease_until = NULL
        WHERE owner = $1 AND status IN ('running', 'compensating', 'stuck')
        """;

    public const string FindFinished =
        "SELECT id, status, failure_code, failure_detail, updated_at FROM durable.sagas WHERE id = ANY($1) AND status IN ('completed', 'compensated')";

    public const string FindForUpdate = $"SELECT {Columns} FROM durable.sagas AS s WHERE s.id = $1 FOR UPDATE";

    public const string RequestCancel =
        """
        UPDATE durable.sagas SET cancel_code = coalesce(cancel_code, $2), cancel_detail = coalesce(cancel_detail, $3), next_attempt_at = now(), updated_at = now()
        WHERE id = $1
        """;

    public const string Reopen =
        """
        UPDATE durable.sagas SET status = 'compensating', step = $2, attempts = 0, next_attempt_at = now(), epoch = epoch + 1, owner = $3,
          lease_until = now() + $4, cancel_code = $5, cancel_detail = $6, failure_code = $5, failure_detail = $6, updated_at = now()
        WHERE id = $1
        """;

    public static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static SagaContext Read(NpgsqlDataReader reader, SagaDefinitions definitions)
    {
        var saga = new SagaContext(
            reader.GetGuid(0), definitions.Get(reader.GetString(1), reader.GetInt32(2)), reader.GetString(12), data: null, NullableText(reader, 11))
        {
            Status = SagaStatusNames.Parse(reader.GetString(3)),
            Step = reader.GetInt32(4),
            Attempts = reader.GetInt32(5),
            Epoch = reader.GetInt64(6),
            CancelCode = NullableText(reader, 7),
            CancelDetail = NullableText(reader, 8),
            FailureCode = NullableText(reader, 9),
            FailureDetail = NullableText(reader, 10),
        };
        return saga;
    }

    public static string? NullableText(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
