using Replay.Load;

namespace Replay.Books;

/// <summary>Rules on what the shop answers to orders and stores of them. Pure.</summary>
internal static class OrderRules
{
    /// <summary>Rules on the answers to the POSTs.</summary>
    public static IEnumerable<Violation> JudgeAnswers(IEnumerable<OrderRun> runs, bool stockSuffices)
    {
        foreach (var run in runs)
        {
            var invoice = run.Order.Invoice;
            var found = run switch
            {
                { Id: null, Answer: null or { Status: 0 or 408 or 429 or >= 500 } } =>
                    new Violation(Rules.Answered, $"order of invoice {invoice} (key {run.Order.Key}) was never answered: {run.Answer?.ToString() ?? "not sent"}"),
                { Id: null, Answer.Status: < 300 } => new Violation(Rules.Answered, $"order of invoice {invoice} was answered without an order id: {run.Answer}"),
                { Id: null } => new Violation(Rules.Taken, $"order of invoice {invoice} was not taken although it keeps the API's limits: {run.Answer}"),
                _ when stockSuffices && run.FailureCode == ProblemCodes.OutOfStock =>
                    new Violation(Rules.StockSufficed, $"order {run.Id} of invoice {invoice} was cancelled with {run.FailureCode} although the stock sufficed for all orders"),
                _ when run.Answer is { Body: { } view } && Difference(run.Order, view) is { } difference =>
                    new Violation(Rules.AsSent, $"order {run.Id} of invoice {invoice} was answered with another {difference}"),
                _ => null,
            };
            if (found is not null)
            {
                yield return found with { Invoice = invoice, OrderId = run.Id };
            }
        }
    }

    /// <summary>No order id for two invoices.</summary>
    public static IEnumerable<Violation> JudgeIds(IEnumerable<OrderRun> runs) => runs
        .Where(run => run.Id is not null)
        .GroupBy(run => run.Id!.Value)
        .Where(group => group.Count() > 1)
        .Select(group => new Violation(Rules.UniqueId, $"order {group.Key} was answered to {group.Count()} invoices: {string.Join(", ", group.Select(run => run.Order.Invoice))}")
        {
            OrderId = group.Key,
        });

    /// <summary>Rules on the stored orders.</summary>
    public static IEnumerable<Violation> JudgeStored(IEnumerable<LedgerEntry> entries, DateTimeOffset runStart)
    {
        foreach (var entry in entries)
        {
            var invoice = entry.Run.Order.Invoice;
            foreach (var (rule, message) in JudgeStored(entry, runStart))
            {
                yield return new Violation(rule, $"order {entry.Id} of invoice {invoice} {message}") { Invoice = invoice, OrderId = entry.Id };
            }
        }
    }

    /// <summary>Cancellations are taken and carried out.</summary>
    public static IEnumerable<Violation> JudgeCancellations(IEnumerable<CancellationRun> cancellations, IReadOnlyDictionary<string, OrderRun> runs)
    {
        foreach (var cancellation in cancellations)
        {
            var order = cancellation.Cancellation.Order;
            var run = runs[order.Key];
            var what = $"order {run.Id} of invoice {order.Invoice}";
            var message = cancellation switch
            {
                { Failed: true } => $"cancellation {cancellation.Cancellation.Invoice} of {what} was refused: {cancellation.Outcome}",
                { Accepted: true } when run.Status != OrderStatus.Cancelled => $"cancellation {cancellation.Cancellation.Invoice} of {what} was accepted, but the order is {run.Status}",
                _ => null,
            };
            if (message is not null)
            {
                yield return new Violation(Rules.CancelDone, message) { Invoice = cancellation.Cancellation.Invoice, OrderId = run.Id };
            }
        }
    }

    /// <summary>The first difference between an order as sent and as the shop tells it; null when they agree. Lines may come in another order.</summary>
    public static string? Difference(PlannedOrder sent, OrderView view)
    {
        var request = sent.Request;
        if (view.Total != sent.Total)
        {
            return $"total: {view.Total.Plain()} instead of {sent.Total.Plain()}";
        }

        if (view.CustomerId != request.CustomerId)
        {
            return $"customer: {view.CustomerId} instead of {request.CustomerId}";
        }

        if (view.Currency != request.Currency)
        {
            return $"currency: {view.Currency} instead of {request.Currency}";
        }

        return Difference(request.Lines, view.Lines ?? []);
    }

    private static string? Difference(IReadOnlyList<OrderLine> sent, IReadOnlyList<OrderLine> stored)
    {
        if (sent.SequenceEqual(stored))
        {
            return null;
        }

        var missing = sent.ToList();
        var extra = stored.Where(line => !missing.Remove(line)).ToList();
        return (missing, extra) switch
        {
            ([], []) => null,
            ([var line, ..], _) => $"set of lines: {stored.Count} instead of {sent.Count}, without {Text(line)}",
            (_, [var line, ..]) => $"set of lines: {stored.Count} instead of {sent.Count}, with {Text(line)} that was not sent",
        };
    }

    private static string Text(OrderLine line) => $"{line.Quantity.Plain()} x {line.Sku} at {line.UnitPrice.Plain()}";

    private static IEnumerable<(string Rule, string Message)> JudgeStored(LedgerEntry entry, DateTimeOffset runStart)
    {
        if (entry.Order.Body is not { } view)
        {
            yield return (Rules.Readable, $"cannot be read: {entry.Order}");
            yield break;
        }

        if (view.Id != entry.Id)
        {
            yield return (Rules.Readable, $"is answered with the id {view.Id}");
        }

        if (view.CreatedAt < runStart)
        {
            yield return (Rules.FreshRun, $"was created at {view.CreatedAt:O}, before this run: its run id was used before; take another --run-id");
        }

        if (view.Status is not (OrderStatus.Confirmed or OrderStatus.Cancelled))
        {
            yield return (Rules.Terminal, $"is still {view.Status}");
        }

        if (Difference(entry.Run.Order, view) is { } difference)
        {
            yield return (Rules.AsSent, $"is stored with another {difference}");
        }
    }
}
