using System.Security.Cryptography;
using System.Text;
using Replay.Books;
using Replay.Load;
using Replay.OnlineRetail;
using Replay.Reporting;

namespace Replay.Scenarios;

/// <summary>
/// A day of real orders, as often as asked. Each pass is the same day again, with its own idempotency keys. The stock is what all passes together sell.
/// </summary>
internal sealed class FileReplay : IScenario
{
    private const string Currency = "GBP";
    private const int MaxKeyInvoiceLength = 120;

    private FileReplay(RetailSource source, Plan plan)
    {
        Source = source;
        Plan = plan;
    }

    /// <inheritdoc />
    public Plan Plan { get; }

    /// <inheritdoc />
    public RetailSource Source { get; }

    /// <summary>Plans the replay of the first <paramref name="limit"/> orders of <paramref name="day"/>, <paramref name="passes"/> times.</summary>
    public static FileReplay Create(string path, RetailDay day, string runId, string token, int? limit, int passes)
    {
        IReadOnlyList<SalesOrder> orders = [.. day.Orders.Take(limit ?? int.MaxValue)];
        var matches = CancellationMatching.Match(orders, day.Cancellations);
        var steps = Enumerable.Range(1, passes).SelectMany(pass => PlanPass(orders, matches, runId, token, pass)).ToArray();
        var stock = orders
            .SelectMany(order => order.Lines)
            .GroupBy(line => line.Sku, StringComparer.Ordinal)
            .ToDictionary(lines => lines.Key, lines => passes * lines.Sum(line => line.Quantity), StringComparer.Ordinal);
        return new FileReplay(new RetailSource(path, day, matches), new Plan(steps, stock, StockSuffices: true));
    }

    /// <inheritdoc />
    public IEnumerable<Violation> Judge(IReadOnlyList<OrderRun> orders) => [];

    private static IEnumerable<PlanStep> PlanPass(
        IReadOnlyList<SalesOrder> orders, IReadOnlyList<CancellationMatch> matches, string runId, string token, int pass)
    {
        var suffix = pass == 1 ? "" : $"#{pass}";
        var planned = orders.ToDictionary(
            order => order.Invoice,
            order => new PlannedOrder($"{order.Invoice}{suffix}", Key(runId, pass, order.Invoice), Request(order, token), order.Total),
            StringComparer.Ordinal);
        var sales = orders.Select(order => (order.Position, Step: (PlanStep)planned[order.Invoice]));
        var cancellations =
            from match in matches
            from found in match.Orders
            select (match.Cancellation.Position, Step: (PlanStep)new PlannedCancellation($"{match.Cancellation.Invoice}{suffix}", planned[found.Order.Invoice]));
        return sales.Concat(cancellations).OrderBy(step => step.Position).Select(step => step.Step);
    }

    private static PlaceOrderRequest Request(SalesOrder order, string token) =>
        new(order.CustomerId, Currency, order.Lines, new PaymentMethod(token));

    // A key is visible ASCII of limited length; an invoice number from a file may be anything.
    private static string Key(string runId, int pass, string invoice)
    {
        var escaped = Uri.EscapeDataString(invoice);
        var name = escaped.Length <= MaxKeyInvoiceLength ? escaped : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(invoice)));
        return $"replay/{runId}/{pass}/{name}";
    }
}
