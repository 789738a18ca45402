using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Resilience.Durable.Idempotency;

/// <summary>The statements on <c>durable.idempotency_keys</c>, and how their rows are read.</summary>
internal static class IdempotencySql
{
    /// <summary>SQLSTATE of <c>durable.idempotency_complete</c> for a claim that is not held any more.</summary>
    public const string ClaimLostState = "IK001";

    /// <summary>
    /// One row in one round trip: the new claim, or what is in its way. No row when that changed between the insert and the look at it.
    /// $1 id, $2 hash, $3 lease, $4 retention.
    /// </summary>
    public const string Begin =
        $"""
        WITH claimed AS (
          INSERT INTO durable.idempotency_keys AS k (id, request_hash, lease_until) VALUES ($1, $2, now() + $3)
          ON CONFLICT (id) DO UPDATE SET
            request_hash = excluded.request_hash, token = excluded.token, lease_until = excluded.lease_until, claimed_at = excluded.claimed_at,
            takeovers = CASE WHEN {IsOver} THEN 0 ELSE k.takeovers + 1 END,
            status = NULL, content_type = NULL, headers = NULL, body = NULL
          WHERE {IsFree}
          RETURNING token, takeovers > 0 AS took_over)
        SELECT token, took_over, true, NULL::interval, NULL::smallint, NULL::text, NULL::text[], NULL::bytea FROM claimed
        UNION ALL
        SELECT NULL, false, k.request_hash = $2, k.lease_until - now(), k.status, k.content_type, k.headers, k.body
        FROM durable.idempotency_keys AS k WHERE k.id = $1 AND NOT EXISTS (SELECT FROM claimed) AND NOT ({IsFree})
        """;

    public const string Complete = "SELECT durable.idempotency_complete($1, $2, $3, $4, $5, $6)";

    public const string Abandon = "DELETE FROM durable.idempotency_keys WHERE id = $1 AND token = $2 AND status IS NULL";

    /// <summary>Locks what it deletes, so that a claim made meanwhile is left alone. $1 retention, $2 most rows.</summary>
    public const string Forget =
        """
        DELETE FROM durable.idempotency_keys WHERE id IN (
          SELECT id FROM durable.idempotency_keys
          WHERE claimed_at <= now() - $1 AND (status IS NOT NULL OR lease_until <= now())
          ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    private const string IsOver = "(k.claimed_at <= now() - $4 AND (k.status IS NOT NULL OR k.lease_until <= now()))";

    private const string IsFree = $"{IsOver} OR (k.status IS NULL AND k.lease_until <= now() AND k.request_hash = $2)";

    public static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public static NpgsqlBatchCommand CompleteCommand(IdempotencyClaim claim, StoredAnswer answer) => new(Complete)
    {
        Parameters =
        {
            Value(claim.Id.ToArray()),
            Value(claim.Token),
            Value((short)answer.StatusCode),
            new NpgsqlParameter { Value = (object?)answer.ContentType ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            Value(answer.Headers.SelectMany(header => new[] { header.Key, header.Value }).ToArray()),
            new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = answer.Body, NpgsqlDbType = NpgsqlDbType.Bytea },
        },
    };

    public static IdempotencyDecision Read(NpgsqlDataReader row, Sha256Digest id)
    {
        if (!row.IsDBNull(0))
        {
            return new IdempotencyDecision.Started(new IdempotencyClaim(id, row.GetInt64(0)), TookOver: row.GetBoolean(1));
        }

        if (!row.GetBoolean(2))
        {
            return new IdempotencyDecision.Mismatch();
        }

        return row.IsDBNull(4) ? new IdempotencyDecision.InProgress(row.GetTimeSpan(3)) : new IdempotencyDecision.Completed(ReadAnswer(row));
    }

    private static StoredAnswer ReadAnswer(NpgsqlDataReader row) => new(
        row.GetInt16(4),
        row.IsDBNull(5) ? null : row.GetString(5),
        row.GetFieldValue<byte[]>(7),
        [.. row.GetFieldValue<string[]>(6).Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1]))]);
}
