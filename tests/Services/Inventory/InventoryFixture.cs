using System.Net.Http.Json;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Services.Tests.Inventory;

/// <summary>Inventory on a database of its own: HTTP/1.1 on one port, gRPC over HTTP/2 on another.</summary>
public sealed class InventoryFixture(PostgresServer postgres) : IAsyncLifetime
{
    private ServiceFactory<StockTable>? _service;
    private GrpcChannel? _channel;

    public HttpClient Http { get; private set; } = null!;

    public InventoryService.InventoryServiceClient Grpc { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public ServiceDegradation Degradation => _service!.Services.GetRequiredService<ServiceDegradation>();

    public Uri GrpcAddress => _service!.Addresses[1];

    public async ValueTask InitializeAsync()
    {
        var connectionString = await postgres.CreateDatabaseAsync();
        Database = NpgsqlDataSource.Create(connectionString);
        _service = new ServiceFactory<StockTable>(new Dictionary<string, string?>
        {
            ["ConnectionStrings:inventorydb"] = connectionString,
            ["GRPC_PORT"] = "0",
        });
        Http = _service.Start();
        _channel = GrpcChannel.ForAddress(GrpcAddress);
        Grpc = new InventoryService.InventoryServiceClient(_channel);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _channel?.Dispose();
        await _service!.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>A sku that no other test uses, with this much to sell.</summary>
    public async Task<string> StockAsync(decimal available)
    {
        var sku = $"sku-{Guid.NewGuid():N}";
        var response = await Http.PutAsJsonAsync($"/inventory/{sku}", new SetStockRequest(available), TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return sku;
    }

    public async Task<StockView> ViewAsync(string sku) =>
        (await Http.GetFromJsonAsync<StockView>($"/inventory/{sku}", TestContext.Current.CancellationToken))!;

    public static ReserveRequest Wish(Guid orderId, params ReadOnlySpan<(string Sku, decimal Quantity)> lines)
    {
        var request = new ReserveRequest { OrderId = orderId.ToString() };
        foreach (var (sku, quantity) in lines)
        {
            request.Lines.Add(new ReserveRequest.Types.Line { Sku = sku, Quantity = DecimalValue.FromDecimal(quantity) });
        }

        return request;
    }

    public async Task<ReserveReply> ReserveAsync(Guid orderId, params (string Sku, decimal Quantity)[] lines) =>
        await Grpc.ReserveAsync(Wish(orderId, lines), cancellationToken: TestContext.Current.CancellationToken);

    public async Task ReleaseAsync(Guid orderId) =>
        await Grpc.ReleaseAsync(new ReleaseRequest { OrderId = orderId.ToString() }, cancellationToken: TestContext.Current.CancellationToken);
}
