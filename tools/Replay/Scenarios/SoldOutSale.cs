using Replay.Books;
using Replay.Load;
using Replay.Reporting;

namespace Replay.Scenarios;

/// <summary>
/// Many buyers, few pieces: <c>--buyers N --stock M</c>. Each buyer orders one piece of the same fresh sku; exactly min(M, N) may get one.
/// </summary>
internal sealed class SoldOutSale : IScenario
{
    private const decimal UnitPrice = 9.99m;

    private readonly int _expected;
    private readonly string _sku;

    /// <summary>Plans the sale. <paramref name="runId"/> makes the sku a fresh one.</summary>
    public SoldOutSale(string runId, string token, int buyers, int stock)
    {
        _expected = Math.Min(buyers, stock);
        _sku = $"sold-out-{runId}";
        var orders = Enumerable.Range(1, buyers).Select(buyer => new PlannedOrder(
            $"buyer-{buyer}",
            $"replay/{runId}/buyer/{buyer}",
            new PlaceOrderRequest($"buyer-{buyer}", "GBP", [new OrderLine(_sku, 1, UnitPrice)], new PaymentMethod(token)),
            UnitPrice));
        Plan = new Plan([.. orders], new Dictionary<string, decimal> { [_sku] = stock }, StockSuffices: stock >= buyers);
    }

    /// <inheritdoc />
    public Plan Plan { get; }

    /// <inheritdoc />
    public RetailSource? Source => null;

    /// <inheritdoc />
    public IEnumerable<Violation> Judge(IReadOnlyList<OrderRun> orders)
    {
        var confirmed = orders.Count(order => order.Status == OrderStatus.Confirmed);
        if (confirmed != _expected)
        {
            yield return new Violation(Rules.ExactSale, $"{confirmed} of {orders.Count} buyers are confirmed, exactly {_expected} have to be") { Sku = _sku };
        }

        foreach (var order in orders.Where(order => order.Status == OrderStatus.Cancelled && order.FailureCode != ProblemCodes.OutOfStock))
        {
            yield return new Violation(Rules.ExactSale, $"order {order.Id} of {order.Order.Invoice} was cancelled with {order.FailureCode ?? "no code"} instead of {ProblemCodes.OutOfStock}")
            {
                Invoice = order.Order.Invoice,
                OrderId = order.Id,
                Sku = _sku,
            };
        }
    }
}
