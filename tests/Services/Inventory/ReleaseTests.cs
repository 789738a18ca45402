namespace Services.Tests.Inventory;

public sealed class ReleaseTests(InventoryFixture inventory) : IClassFixture<InventoryFixture>
{
    [Fact]
    public async Task Releasing_puts_every_line_back()
    {
        var first = await inventory.StockAsync(5);
        var second = await inventory.StockAsync(7);
        var order = Guid.NewGuid();
        await inventory.ReserveAsync(order, (first, 2), (second, 3));

        await inventory.ReleaseAsync(order);

        (await inventory.ViewAsync(first)).ShouldBe(new StockView(first, 5, 0));
        (await inventory.ViewAsync(second)).ShouldBe(new StockView(second, 7, 0));
    }

    [Fact]
    public async Task Releasing_again_puts_nothing_more_back()
    {
        var sku = await inventory.StockAsync(5);
        var order = Guid.NewGuid();
        await inventory.ReserveAsync(order, (sku, 2));

        await inventory.ReleaseAsync(order);
        await inventory.ReleaseAsync(order);

        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 5, 0));
    }

    [Fact]
    public async Task Concurrent_releases_put_the_stock_back_once()
    {
        var sku = await inventory.StockAsync(5);
        var order = Guid.NewGuid();
        await inventory.ReserveAsync(order, (sku, 5));

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => inventory.ReleaseAsync(order)));

        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 5, 0));
    }

    [Fact]
    public async Task A_reserve_that_arrives_after_its_release_takes_nothing()
    {
        var sku = await inventory.StockAsync(5);
        var order = Guid.NewGuid();

        await inventory.ReleaseAsync(order);
        var late = await inventory.ReserveAsync(order, (sku, 1));

        late.Outcome.ShouldBe(ReserveOutcome.Released);
        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 5, 0));
    }

    [Fact]
    public async Task A_released_order_cannot_be_reserved_again()
    {
        var sku = await inventory.StockAsync(5);
        var order = Guid.NewGuid();
        await inventory.ReserveAsync(order, (sku, 1));
        await inventory.ReleaseAsync(order);

        (await inventory.ReserveAsync(order, (sku, 1))).Outcome.ShouldBe(ReserveOutcome.Released);
        (await inventory.ViewAsync(sku)).Available.ShouldBe(5);
    }

    [Fact]
    public async Task Reserve_and_release_racing_for_one_order_end_with_all_stock_available()
    {
        var sku = await inventory.StockAsync(50);
        var orders = Enumerable.Range(0, 50).Select(_ => Guid.NewGuid()).ToArray();

        await Task.WhenAll(orders.SelectMany(order => new Task[] { inventory.ReserveAsync(order, (sku, 1)), inventory.ReleaseAsync(order) }));

        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 50, 0));
    }

    [Fact]
    public async Task Stock_set_while_an_order_holds_some_keeps_what_is_held()
    {
        var sku = await inventory.StockAsync(5);
        var order = Guid.NewGuid();
        await inventory.ReserveAsync(order, (sku, 5));

        await inventory.Http.PutAsync($"/inventory/{sku}", Json.Body("""{"available": 2}"""), TestContext.Current.CancellationToken);
        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 2, 5));
        await inventory.ReleaseAsync(order);

        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 7, 0));
    }
}
