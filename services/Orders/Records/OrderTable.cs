using Npgsql;
using ResilientShop.Contracts;

namespace ResilientShop.Orders.Records;

/// <summary>Reads orders. Changes happen in the saga's transactions: see the local steps of checkout. Thread-safe.</summary>
internal sealed class OrderTable(NpgsqlDataSource dataSource)
{
    /// <summary>Name of the constraint that a second order under one key violates.</summary>
    public const string IdempotencyKeyConstraint = "orders_idempotency_key";

    private const string SelectOrder =
        """
        SELECT id, customer_id, currency, status, total, failure_code, failure_detail, created_at, updated_at, content_hash, answered_pending, confirmed_at, answered_degraded
        FROM orders
        """;

    private const string SelectLines = "SELECT sku, quantity, unit_price FROM order_lines";

    /// <summary>The order, or null.</summary>
    public Task<OrderRecord?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        ReadAsync(
            $"{SelectOrder} WHERE id = $1",
            $"{SelectLines} WHERE order_id = $1 ORDER BY line",
            () => new NpgsqlParameter<Guid> { TypedValue = id },
            cancellationToken);

    /// <summary>The order that was placed under <paramref name="key"/>, or null.</summary>
    public Task<OrderRecord?> FindByKeyAsync(string key, CancellationToken cancellationToken) =>
        ReadAsync(
            $"{SelectOrder} WHERE idempotency_key = $1",
            $"{SelectLines} WHERE order_id = (SELECT id FROM orders WHERE idempotency_key = $1) ORDER BY line",
            () => new NpgsqlParameter<string> { TypedValue = key },
            cancellationToken);

    /// <summary>Notes that the creation is answered without an outcome, unless it has one by now.</summary>
    /// <returns>Whether it is noted.</returns>
    public async Task<bool> AnswerPendingAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            "UPDATE orders SET answered_pending = true WHERE id = $1 AND confirmed_at IS NULL AND status <> 'cancelled'");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private async Task<OrderRecord?> ReadAsync(
        string order, string lines, Func<NpgsqlParameter> key, CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(order) { Parameters = { key() } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(lines) { Parameters = { key() } });
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? await ReadAsync(reader, cancellationToken) : null;
    }

    private static async Task<OrderRecord> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var lines = new List<OrderLine>();
        var failure = reader.IsDBNull(5) ? null : new OrderFailure(reader.GetString(5), reader.GetString(6));
        var view = new OrderView(
            reader.GetGuid(0),
            reader.GetString(1),
            reader.GetString(2),
            reader.GetString(3),
            reader.GetDecimal(4),
            lines,
            failure,
            reader.GetFieldValue<DateTimeOffset>(7),
            reader.GetFieldValue<DateTimeOffset>(8));
        var record = new OrderRecord(
            view, reader.GetFieldValue<byte[]>(9), reader.GetBoolean(10), reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11))
        {
            AnsweredDegraded = reader.IsDBNull(12) ? null : reader.GetString(12),
        };

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Add(new OrderLine(reader.GetString(0), reader.GetDecimal(1), reader.GetDecimal(2)));
        }

        return record;
    }
}
