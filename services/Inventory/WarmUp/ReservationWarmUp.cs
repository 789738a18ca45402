using Grpc.Net.Client;
using ResilientShop.Contracts.Inventory.V1;
using ResilientShop.ServiceDefaults.WarmUp;

namespace ResilientShop.Inventory.WarmUp;

/// <summary>Asks the service's own gRPC endpoint for a sku that nobody sells: nothing is reserved and nothing is kept.</summary>
internal sealed class ReservationWarmUp(IConfiguration configuration) : IWarmUp, IDisposable
{
    private readonly GrpcChannel? _channel = configuration["GRPC_PORT"] is { Length: > 0 } port ? GrpcChannel.ForAddress($"http://localhost:{port}") : null;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_channel is null)
        {
            return;
        }

        var client = new InventoryService.InventoryServiceClient(_channel);
        await client.FindUnknownSkusAsync(new FindUnknownSkusRequest { Skus = { "warm-up" } }, cancellationToken: cancellationToken);
        await client.ReserveAsync(
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
    }

    public void Dispose() => _channel?.Dispose();
}
