using Npgsql;
using NpgsqlTypes;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Orders.Checkout;

/// <summary>Stores the order and announces it; its compensation cancels the order and announces that.</summary>
internal sealed class AcceptOrder(Outbox outbox, TimeProvider time) : ILocalSagaStep
{
    public string Name => "accept";

    public void Execute(SagaContext saga, NpgsqlBatch batch)
    {
        Store(saga.Data<Order>(), batch);
    }

    /// <summary>Adds the statements that store an accepted order and its event.</summary>
    public static void Store(Order order, NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(Insert(order));
        batch.BatchCommands.Add(InsertLines(order));
        Outbox.Append(batch, OrderMessages.Create(OrderEventTypes.Placed, order, failureCode: null, order.CreatedAt));
    }

    public void Compensate(SagaContext saga, NpgsqlBatch batch)
    {
        var order = saga.Data<Order>();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "UPDATE orders SET status = 'cancelled', failure_code = $2, failure_detail = $3, updated_at = now() WHERE id = $1")
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = order.Id },
                new NpgsqlParameter<string> { TypedValue = saga.FailureCode ?? "" },
                new NpgsqlParameter<string> { TypedValue = saga.FailureDetail ?? "" },
            },
        });
        Outbox.Append(batch, OrderMessages.Create(OrderEventTypes.Cancelled, order, saga.FailureCode, time.GetUtcNow()));
    }

    public void Committed(SagaContext saga) => outbox.Committed();

    private static NpgsqlBatchCommand Insert(Order order) =>
        new("""
            INSERT INTO orders (id, customer_id, currency, status, total, idempotency_key, content_hash, created_at, updated_at, answered_degraded, answered_pending)
            VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $7, $8, $8 IS NOT NULL)
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = order.Id },
                new NpgsqlParameter<string> { TypedValue = order.CustomerId },
                new NpgsqlParameter<string> { TypedValue = order.Currency },
                new NpgsqlParameter<decimal> { TypedValue = order.Total },
                new NpgsqlParameter { Value = (object?)order.IdempotencyKey ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new NpgsqlParameter<byte[]> { TypedValue = order.ContentHash },
                new NpgsqlParameter<DateTimeOffset> { TypedValue = order.CreatedAt },
                new NpgsqlParameter { Value = (object?)order.Degraded ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            },
        };

    private static NpgsqlBatchCommand InsertLines(Order order) =>
        new("""
            INSERT INTO order_lines (order_id, line, sku, quantity, unit_price)
            SELECT $1, line, sku, quantity, unit_price FROM unnest($2, $3, $4) WITH ORDINALITY AS l (sku, quantity, unit_price, line)
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = order.Id },
                new NpgsqlParameter<string[]> { TypedValue = [.. order.Lines.Select(line => line.Sku)] },
                new NpgsqlParameter<decimal[]> { TypedValue = [.. order.Lines.Select(line => line.Quantity)] },
                new NpgsqlParameter<decimal[]> { TypedValue = [.. order.Lines.Select(line => line.UnitPrice)] },
            },
        };
}
