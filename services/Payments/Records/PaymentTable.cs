using System.Data;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using ResilientShop.Contracts;

namespace ResilientShop.Payments.Records;

/// <summary>What Payments knows of each order's payment. Every method is one statement, whole or not at all. Thread-safe.</summary>
internal sealed class PaymentTable(NpgsqlDataSource database)
{
    /// <summary>ISO 4217 for "no currency": the payment was voided before anybody asked for it.</summary>
    private const string NoCurrency = "XXX";

    private const string Columns =
        "order_id, status, trim_scale(amount), currency, trim_scale(captured), trim_scale(refunded), failure_code, updated_at, receipt";

    public Task<PaymentView?> FindAsync(Guid orderId, CancellationToken cancellationToken) =>
        ReadAsync(
            $"SELECT {Columns} FROM payments WHERE order_id = $1",
            [new NpgsqlParameter<Guid> { TypedValue = orderId }],
            cancellationToken);

    /// <summary>Records the intent to charge.</summary>
    /// <returns>
    /// The payment as it is (pending when this is the first call, else what earlier calls made of it), whether the first call asked for the
    /// same amount, currency and token, and whether a call was answered with the capture to come.
    /// </returns>
    public async Task<(PaymentView Payment, bool IsSame, bool IsCapturedLater)> BeginAsync(ChargeRequest request, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            INSERT INTO payments (order_id, status, amount, currency, token_hash) VALUES ($1, '{PaymentStatus.Pending}', $2, $3, $4)
            ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id
            RETURNING {Columns}, (amount = $2 AND currency = $3 AND token_hash IS NOT DISTINCT FROM $4), capture_at IS NOT NULL
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.OrderId });
        command.Parameters.Add(new NpgsqlParameter<decimal> { TypedValue = request.Amount });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = request.Currency });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SHA256.HashData(Encoding.UTF8.GetBytes(request.Token)) });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (Read(row), row.GetBoolean(9), row.GetBoolean(10));
    }

    /// <summary>Records that nobody may charge this order any more, when it was never charged. Returns the payment as it is.</summary>
    public async Task<PaymentView> BeginVoidAsync(Guid orderId, CancellationToken cancellationToken) =>
        (await ReadAsync(
            $"""
            INSERT INTO payments (order_id, status, amount, currency) VALUES ($1, '{PaymentStatus.Refunded}', 0, '{NoCurrency}')
            ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id
            RETURNING {Columns}
            """,
            [new NpgsqlParameter<Guid> { TypedValue = orderId }],
            cancellationToken))!;

    /// <summary>The provider holds the money; the capture is due. Returns null when the payment is no longer pending; then nothing has changed.</summary>
    public Task<PaymentView?> AuthorizeAsync(Guid orderId, CancellationToken cancellationToken) =>
        ReadAsync(
            $"""
            UPDATE payments SET status = '{PaymentStatus.Authorized}', capture_at = now(), updated_at = now()
            WHERE order_id = $1 AND status = '{PaymentStatus.Pending}'
            RETURNING {Columns}
            """,
            [new NpgsqlParameter<Guid> { TypedValue = orderId }],
            cancellationToken);

    /// <summary>Takes payments whose capture is due, those that wait longest first, and keeps others from them for <paramref name="lease"/>.</summary>
    public async Task<IReadOnlyList<AuthorizedPayment>> TakeAuthorizedAsync(int most, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            UPDATE payments SET capture_at = now() + $2
            WHERE order_id IN (
                SELECT order_id FROM payments WHERE status = '{PaymentStatus.Authorized}' AND capture_at <= now() ORDER BY capture_at LIMIT $1 FOR UPDATE SKIP LOCKED)
            RETURNING order_id, capture_failures
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = most });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var taken = new List<AuthorizedPayment>(most);
        while (await rows.ReadAsync(cancellationToken))
        {
            taken.Add(new AuthorizedPayment(rows.GetGuid(0), rows.GetInt32(1)));
        }

        return taken;
    }

    /// <summary>The capture did not succeed; it is due again after <paramref name="pause"/>.</summary>
    public async Task CaptureFailedAsync(Guid orderId, TimeSpan pause, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"UPDATE payments SET capture_at = now() + $2, capture_failures = capture_failures + 1 WHERE order_id = $1 AND status = '{PaymentStatus.Authorized}'");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = orderId });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = pause });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The provider has the money. Returns null when the payment is neither pending nor authorized any more; then nothing has changed.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="receipt">Number of the provider's receipt; null where none is kept.</param>
    /// <param name="cancellationToken">Gives up the call.</param>
    public Task<PaymentView?> CaptureAsync(Guid orderId, Guid? receipt, CancellationToken cancellationToken) =>
        ReadAsync(
            $"""
            UPDATE payments SET status = '{PaymentStatus.Captured}', captured = amount, receipt = $2, updated_at = now()
            WHERE order_id = $1 AND status IN ('{PaymentStatus.Pending}', '{PaymentStatus.Authorized}')
            RETURNING {Columns}
            """,
            [new NpgsqlParameter<Guid> { TypedValue = orderId }, new NpgsqlParameter { Value = (object?)receipt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid }],
            cancellationToken);

    /// <summary>The provider said no for good. Returns null when the payment is neither pending nor authorized any more; then nothing has changed.</summary>
    public Task<PaymentView?> DeclineAsync(Guid orderId, string failureCode, CancellationToken cancellationToken) =>
        ReadAsync(
            $"""
            UPDATE payments SET status = '{PaymentStatus.Declined}', failure_code = $2, updated_at = now()
            WHERE order_id = $1 AND status IN ('{PaymentStatus.Pending}', '{PaymentStatus.Authorized}')
            RETURNING {Columns}
            """,
            [new NpgsqlParameter<Guid> { TypedValue = orderId }, new NpgsqlParameter<string> { TypedValue = failureCode }],
            cancellationToken);

    /// <summary>The provider gave back what it had, which is everything or nothing, and will take no more.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="wasCaptured">Whether the provider had taken the money before.</param>
    /// <param name="cancellationToken">Gives up the call.</param>
    public async Task<PaymentView> RefundAsync(Guid orderId, bool wasCaptured, CancellationToken cancellationToken) =>
        (await ReadAsync(
            $"""
            UPDATE payments
            SET status = '{PaymentStatus.Refunded}',
                captured = CASE WHEN $2 THEN amount ELSE 0 END,
                refunded = CASE WHEN $2 THEN amount ELSE 0 END,
                updated_at = CASE WHEN status = '{PaymentStatus.Refunded}' THEN updated_at ELSE now() END
            WHERE order_id = $1
            RETURNING {Columns}
            """,
            [new NpgsqlParameter<Guid> { TypedValue = orderId }, new NpgsqlParameter<bool> { TypedValue = wasCaptured }],
            cancellationToken))!;

    private async Task<PaymentView?> ReadAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    private static PaymentView Read(NpgsqlDataReader row) => new(
        OrderId: row.GetGuid(0),
        Status: row.GetString(1),
        Amount: row.GetDecimal(2),
        Currency: row.GetString(3),
        Captured: row.GetDecimal(4),
        Refunded: row.GetDecimal(5),
        FailureCode: row.IsDBNull(6) ? null : row.GetString(6),
        UpdatedAt: row.GetFieldValue<DateTimeOffset>(7))
    {
        Receipt = row.IsDBNull(8) ? null : row.GetGuid(8),
    };
}
