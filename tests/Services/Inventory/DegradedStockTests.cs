using System.Net;
using System.Net.Http.Json;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Services.Tests.Inventory;

/// <summary>Stock as it was last seen, because Inventory is degraded.</summary>
public sealed class DegradedStockTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly InventoryFixture _inventory = new(postgres);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _inventory.InitializeAsync();

    public ValueTask DisposeAsync() => _inventory.DisposeAsync();

    [Fact]
    public async Task A_look_at_stock_is_answered_from_what_was_last_seen()
    {
        var sku = await _inventory.StockAsync(5);
        await SellAsync(sku, 2);
        (await _inventory.ViewAsync(sku)).Available.ShouldBe(3);
        await SellAsync(sku, 1);
        _inventory.Degradation.Force(DegradationLevel.Degraded, "drill");

        using var response = await _inventory.Http.GetAsync($"/inventory/{sku}", Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.GetValues("x-degraded").ShouldBe(["last-known-stock"]);
        var view = (await response.Content.ReadFromJsonAsync<StockView>(Cancel))!;
        (view.Available, view.Reserved, view.Degraded).ShouldBe((3m, 2m, "last-known-stock"));
        view.AsOf.ShouldNotBeNull();

        _inventory.Degradation.Force(DegradationLevel.Normal, "well");
        (await _inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 2, 3));
    }

    [Fact]
    public async Task A_grpc_call_that_a_broken_service_refuses_is_not_counted_and_a_trial_is_served()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddResilientGrpcClient<InventoryService.InventoryServiceClient>("inventory", client => client.Address = _inventory.GrpcAddress);
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<InventoryService.InventoryServiceClient>();
        var inventory = provider.GetRequiredService<DependencyRegistry>().Get("inventory");
        var broken = new FleetDegradation(DegradationLevel.Broken, 0.000001, IsForced: false, "errors", "inventory/2", DateTimeOffset.UnixEpoch);
        _inventory.Degradation.Follow(broken);

        for (var call = 0; call < 20; call++)
        {
            (await Should.ThrowAsync<RpcException>(async () => await client.FindUnknownSkusAsync(new FindUnknownSkusRequest { Skus = { "a" } }, cancellationToken: Cancel)))
                .StatusCode.ShouldBe(StatusCode.Unavailable);
        }

        (inventory.Breaker()!.State, inventory.Breaker()!.Sample.Attempts).ShouldBe((BreakerState.Closed, 0));

        inventory.Follow(broken with { NormalShare = 0.999999 });
        (await client.FindUnknownSkusAsync(new FindUnknownSkusRequest { Skus = { "nobody-sells-it" } }, cancellationToken: Cancel)).Unknown.ShouldBe(["nobody-sells-it"]);
    }

    [Fact]
    public async Task Reserving_is_exact_whatever_was_last_seen()
    {
        var sku = await _inventory.StockAsync(1);
        _inventory.Degradation.Force(DegradationLevel.Degraded, "drill");
        (await SellAsync(sku, 1)).Outcome.ShouldBe(ReserveReply.Types.Outcome.Reserved);
        (await SellAsync(sku, 1)).Outcome.ShouldBe(ReserveReply.Types.Outcome.OutOfStock);
    }

    [Fact]
    public async Task What_was_never_seen_is_looked_up()
    {
        var sku = $"sku-{Guid.NewGuid():N}";
        await using (var command = _inventory.Database.CreateCommand("INSERT INTO stock (sku, available) VALUES ($1, 7)"))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sku });
            await command.ExecuteNonQueryAsync(Cancel);
        }

        _inventory.Degradation.Force(DegradationLevel.Degraded, "drill");
        using var response = await _inventory.Http.GetAsync($"/inventory/{sku}", Cancel);
        response.Headers.Contains("x-degraded").ShouldBeFalse();
        (await response.Content.ReadFromJsonAsync<StockView>(Cancel)).ShouldBe(new StockView(sku, 7, 0));
        (await _inventory.Http.GetAsync("/inventory/nobody-sells-it", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Unknown_skus_are_told_without_the_database_where_all_are_known()
    {
        var sku = await _inventory.StockAsync(5);
        _inventory.Degradation.Force(DegradationLevel.Degraded, "drill");
        var call = _inventory.Grpc.FindUnknownSkusAsync(new FindUnknownSkusRequest { Skus = { sku } }, cancellationToken: Cancel);
        (await call).Unknown.ShouldBeEmpty();
        (await call.ResponseHeadersAsync).GetValue("x-degraded").ShouldBe("last-known-stock");
        (await _inventory.Grpc.FindUnknownSkusAsync(new FindUnknownSkusRequest { Skus = { sku, "nobody-sells-it" } }, cancellationToken: Cancel)).Unknown.ShouldBe(["nobody-sells-it"]);
    }

    [Fact]
    public async Task Every_call_is_a_signal()
    {
        var sku = await _inventory.StockAsync(5);
        await SellAsync(sku, 1);
        _inventory.Degradation.Endpoints.Keys.ShouldBe(["set-stock", $"/{InventoryService.Descriptor.FullName}/Reserve"], ignoreOrder: true);
    }

    private async Task<ReserveReply> SellAsync(string sku, decimal quantity) =>
        await _inventory.Grpc.ReserveAsync(InventoryFixture.Wish(Guid.NewGuid(), (sku, quantity)), cancellationToken: Cancel);
}
