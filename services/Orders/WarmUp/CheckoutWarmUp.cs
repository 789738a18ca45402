using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Contracts.Inventory.V1;
using ResilientShop.Orders.Checkout;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.ServiceDefaults.WarmUp;

namespace ResilientShop.Orders.WarmUp;

/// <summary>Stores an order and rolls it back, drives a saga that does nothing, and asks the neighbours for what does not exist.</summary>
internal sealed class CheckoutWarmUp(InventoryService.InventoryServiceClient inventory, IHttpClientFactory clients, SagaClient sagas, NpgsqlDataSource database, TimeProvider time) : IWarmUp
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await StoreAndRollBackAsync(cancellationToken);
        var saga = Guid.CreateVersion7();
        await sagas.StartAsync(WarmUpSaga.Name, saga, new object(), cancellationToken);
        await sagas.WaitAsync(saga, cancellationToken);
        await sagas.ForgetAsync(saga, cancellationToken);
        await inventory.ReserveAsync(
            new ReserveRequest
            {
                OrderId = Guid.NewGuid().ToString(),
                Lines =
                {
                    // Together more than any stock can be: whatever somebody sells under this name, nothing is taken.
                    new ReserveRequest.Types.Line { Sku = "warm-up", Quantity = DecimalValue.FromDecimal(1_000_000_000m) },
                    new ReserveRequest.Types.Line { Sku = "warm-up", Quantity = DecimalValue.FromDecimal(1_000_000_000m) },
                },
            },
            cancellationToken: cancellationToken);
        using var payments = clients.CreateClient(ChargePayment.Client);
        using var answer = await payments.GetAsync($"/payments/{Guid.NewGuid()}", cancellationToken);
    }

    private async Task StoreAndRollBackAsync(CancellationToken cancellationToken)
    {
        OrderLine[] lines = [new("warm-up", 1m, 1m), new("warm-up", 2m, 1m)];
        var order = new Order(Guid.CreateVersion7(), "warm-up", "GBP", OrderContent.Total(lines), lines, "warm-up", time.GetUtcNow())
        {
            IdempotencyKey = null,
            ContentHash = OrderContent.Hash(new PlaceOrderRequest("warm-up", "GBP", lines, new PaymentMethod("warm-up"))),
        };
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        AcceptOrder.Store(order, batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.RollbackAsync(cancellationToken);
    }
}
