namespace Services.Tests.Inventory;

public sealed class ReserveTests(InventoryFixture inventory) : IClassFixture<InventoryFixture>
{
    [Fact]
    public async Task A_reserved_order_moves_stock_from_available_to_reserved()
    {
        var sku = await inventory.StockAsync(10);

        var reply = await inventory.ReserveAsync(Guid.NewGuid(), (sku, 3.25m));

        reply.Outcome.ShouldBe(ReserveOutcome.Reserved);
        reply.Sku.ShouldBeEmpty();
        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 6.75m, 3.25m));
    }

    [Fact]
    public async Task One_missing_line_takes_nothing_of_the_others()
    {
        var plenty = await inventory.StockAsync(10);
        var scarce = await inventory.StockAsync(1);

        var reply = await inventory.ReserveAsync(Guid.NewGuid(), (plenty, 3), (scarce, 2));

        reply.Outcome.ShouldBe(ReserveOutcome.OutOfStock);
        reply.Sku.ShouldBe(scarce);
        (await inventory.ViewAsync(plenty)).ShouldBe(new StockView(plenty, 10, 0));
        (await inventory.ViewAsync(scarce)).ShouldBe(new StockView(scarce, 1, 0));
    }

    [Fact]
    public async Task The_first_obstacle_in_the_order_of_the_request_is_named()
    {
        var first = await inventory.StockAsync(0);
        var second = await inventory.StockAsync(0);

        (await inventory.ReserveAsync(Guid.NewGuid(), (first, 1), (second, 1))).Sku.ShouldBe(first);
        (await inventory.ReserveAsync(Guid.NewGuid(), (second, 1), (first, 1))).Sku.ShouldBe(second);
    }

    [Fact]
    public async Task An_unknown_sku_takes_nothing_and_is_named()
    {
        var known = await inventory.StockAsync(10);

        var reply = await inventory.ReserveAsync(Guid.NewGuid(), (known, 1), ("no-such-sku", 1));

        reply.Outcome.ShouldBe(ReserveOutcome.UnknownSku);
        reply.Sku.ShouldBe("no-such-sku");
        (await inventory.ViewAsync(known)).Available.ShouldBe(10);
    }

    [Fact]
    public async Task Lines_of_the_same_sku_are_added_up()
    {
        var sku = await inventory.StockAsync(5);

        (await inventory.ReserveAsync(Guid.NewGuid(), (sku, 3), (sku, 3))).Outcome.ShouldBe(ReserveOutcome.OutOfStock);
        (await inventory.ReserveAsync(Guid.NewGuid(), (sku, 3), (sku, 2))).Outcome.ShouldBe(ReserveOutcome.Reserved);

        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 0, 5));
    }

    [Fact]
    public async Task A_repeated_reserve_gets_the_same_answer_and_takes_nothing_more()
    {
        var sku = await inventory.StockAsync(3);
        var order = Guid.NewGuid();

        await inventory.ReserveAsync(order, (sku, 3));
        var again = await inventory.ReserveAsync(order, (sku, 3));

        again.Outcome.ShouldBe(ReserveOutcome.Reserved);
        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 0, 3));
    }

    [Fact]
    public async Task A_shortage_is_not_remembered()
    {
        var sku = await inventory.StockAsync(0);
        var order = Guid.NewGuid();
        (await inventory.ReserveAsync(order, (sku, 1))).Outcome.ShouldBe(ReserveOutcome.OutOfStock);

        await inventory.Http.PutAsync($"/inventory/{sku}", Json.Body("""{"available": 1}"""), TestContext.Current.CancellationToken);

        (await inventory.ReserveAsync(order, (sku, 1))).Outcome.ShouldBe(ReserveOutcome.Reserved);
    }

    [Fact]
    public async Task Concurrent_repeats_of_one_order_take_its_stock_once()
    {
        var sku = await inventory.StockAsync(100);
        var order = Guid.NewGuid();

        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => inventory.ReserveAsync(order, (sku, 7))));

        replies.ShouldAllBe(reply => reply.Outcome == ReserveOutcome.Reserved);
        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 93, 7));
    }

    [Fact]
    public async Task Concurrent_repeats_of_the_order_that_takes_the_last_piece_all_hear_reserved()
    {
        var sku = await inventory.StockAsync(1);
        var order = Guid.NewGuid();

        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => inventory.ReserveAsync(order, (sku, 1))));

        replies.ShouldAllBe(reply => reply.Outcome == ReserveOutcome.Reserved);
    }

    [Fact]
    public async Task A_thousand_buyers_of_ten_pieces_get_exactly_ten()
    {
        var sku = await inventory.StockAsync(10);

        var replies = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => inventory.ReserveAsync(Guid.NewGuid(), (sku, 1))));

        replies.Count(reply => reply.Outcome == ReserveOutcome.Reserved).ShouldBe(10);
        replies.Count(reply => reply.Outcome == ReserveOutcome.OutOfStock).ShouldBe(990);
        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 0, 10));
    }

    [Fact]
    public async Task Orders_that_name_the_same_skus_in_opposite_order_do_not_deadlock()
    {
        var first = await inventory.StockAsync(1000);
        var second = await inventory.StockAsync(1000);

        var replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => i % 2 == 0
            ? inventory.ReserveAsync(Guid.NewGuid(), (first, 1), (second, 1))
            : inventory.ReserveAsync(Guid.NewGuid(), (second, 1), (first, 1))));

        replies.ShouldAllBe(reply => reply.Outcome == ReserveOutcome.Reserved);
        (await inventory.ViewAsync(first)).Reserved.ShouldBe(200);
        (await inventory.ViewAsync(second)).Reserved.ShouldBe(200);
    }

    [Fact]
    public async Task An_order_of_a_thousand_lines_is_reserved()
    {
        var sku = await inventory.StockAsync(1000);

        var reply = await inventory.ReserveAsync(Guid.NewGuid(), [.. Enumerable.Repeat((sku, 1m), 1000)]);

        reply.Outcome.ShouldBe(ReserveOutcome.Reserved);
        (await inventory.ViewAsync(sku)).ShouldBe(new StockView(sku, 0, 1000));
    }
}
