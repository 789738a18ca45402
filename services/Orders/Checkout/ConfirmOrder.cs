using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Orders.Checkout;

/// <summary>Confirms the order and announces it; its compensation shows that the order is being cancelled.</summary>
internal sealed class ConfirmOrder(Outbox outbox, TimeProvider time) : ILocalSagaStep
{
    public string Name => "confirm";

    public void Execute(SagaContext saga, NpgsqlBatch batch)
    {
        var order = saga.Data<Order>();
        Update(batch, order.Id, "UPDATE orders SET status = 'confirmed', confirmed_at = now(), updated_at = now() WHERE id = $1");
        Outbox.Append(batch, OrderMessages.Create(OrderEventTypes.Confirmed, order, failureCode: null, time.GetUtcNow()));
    }

    public void Compensate(SagaContext saga, NpgsqlBatch batch) =>
        Update(batch, saga.Id, "UPDATE orders SET status = 'cancelling', updated_at = now() WHERE id = $1 AND status IN ('pending', 'confirmed')");

    public void Committed(SagaContext saga) => outbox.Committed();

    private static void Update(NpgsqlBatch batch, Guid id, string sql) =>
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = id } } });
}
