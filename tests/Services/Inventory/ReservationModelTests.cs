using CsCheck;

namespace Services.Tests.Inventory;

/// <summary>Random histories against a model of four lines: a dictionary that does what the contract says.</summary>
public sealed class ReservationModelTests(InventoryFixture inventory) : IClassFixture<InventoryFixture>
{
    private const int Skus = 3;
    private const decimal Stock = 12;

    private static readonly Gen<(int Order, (int Sku, int Quantity)[] Lines)> Step =
        Gen.Select(Gen.Int[0, 5], Gen.Select(Gen.Int[0, Skus - 1], Gen.Int[1, 6]).Array[0, 4]);

    [Fact]
    public async Task Any_history_answers_as_the_model_does_and_loses_no_stock() =>
        await Step.Array[1, 25].SampleAsync(
            async steps =>
            {
                var (skus, orders) = await SetUpAsync();
                var model = new Model(skus, Stock);
                foreach (var (order, lines) in steps)
                {
                    await ApplyAsync(model, orders[order], Named(skus, lines));
                }

                await ShouldHoldAsync(model, skus);
            },
            iter: 60,
            threads: 2);

    [Fact]
    public async Task Any_concurrent_history_keeps_available_plus_reserved_constant() =>
        await Step.Array[2, 30].SampleAsync(
            async steps =>
            {
                var (skus, orders) = await SetUpAsync();
                await Task.WhenAll(steps.Select(step => step.Lines.Length == 0
                    ? inventory.ReleaseAsync(orders[step.Order])
                    : inventory.ReserveAsync(orders[step.Order], Named(skus, step.Lines))));

                foreach (var sku in skus)
                {
                    var view = await inventory.ViewAsync(sku);
                    (view.Available + view.Reserved).ShouldBe(Stock);
                    view.Reserved.ShouldBe(await HeldAsync(sku));
                }
            },
            iter: 60,
            threads: 2);

    private async Task<(string[] Skus, Guid[] Orders)> SetUpAsync()
    {
        var skus = await Task.WhenAll(Enumerable.Range(0, Skus).Select(_ => inventory.StockAsync(Stock)));
        return (skus, [.. Enumerable.Range(0, 6).Select(_ => Guid.NewGuid())]);
    }

    /// <summary>A step without lines releases, any other reserves.</summary>
    private async Task ApplyAsync(Model model, Guid order, (string Sku, decimal Quantity)[] lines)
    {
        if (lines.Length == 0)
        {
            model.Release(order);
            await inventory.ReleaseAsync(order);
            return;
        }

        var reply = await inventory.ReserveAsync(order, lines);
        reply.Outcome.ShouldBe(model.Reserve(order, lines));
    }

    private async Task ShouldHoldAsync(Model model, string[] skus)
    {
        foreach (var sku in skus)
        {
            var view = await inventory.ViewAsync(sku);
            view.Available.ShouldBe(model.Available[sku]);
            view.Reserved.ShouldBe(Stock - model.Available[sku]);
        }
    }

    private async Task<decimal> HeldAsync(string sku)
    {
        await using var command = inventory.Database.CreateCommand(
            "SELECT coalesce(sum(quantity), 0) FROM reservation_lines JOIN reservations USING (order_id) WHERE sku = $1 AND status = 'reserved'");
        command.Parameters.AddWithValue(sku);
        return (decimal)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static (string Sku, decimal Quantity)[] Named(string[] skus, (int Sku, int Quantity)[] lines) =>
        [.. lines.Select(line => (skus[line.Sku], (decimal)line.Quantity))];

    private sealed class Model(IEnumerable<string> skus, decimal stock)
    {
        private readonly Dictionary<Guid, (string Sku, decimal Quantity)[]?> _orders = [];

        public Dictionary<string, decimal> Available { get; } = skus.ToDictionary(sku => sku, _ => stock);

        public ReserveOutcome Reserve(Guid order, (string Sku, decimal Quantity)[] lines)
        {
            if (_orders.TryGetValue(order, out var held))
            {
                return held is null ? ReserveOutcome.Released : ReserveOutcome.Reserved;
            }

            var totals = lines.GroupBy(line => line.Sku).Select(group => (Sku: group.Key, Quantity: group.Sum(line => line.Quantity))).ToArray();
            if (totals.Any(total => Available[total.Sku] < total.Quantity))
            {
                return ReserveOutcome.OutOfStock;
            }

            Array.ForEach(totals, total => Available[total.Sku] -= total.Quantity);
            _orders[order] = totals;
            return ReserveOutcome.Reserved;
        }

        public void Release(Guid order)
        {
            Array.ForEach(_orders.GetValueOrDefault(order) ?? [], line => Available[line.Sku] += line.Quantity);
            _orders[order] = null;
        }
    }
}
