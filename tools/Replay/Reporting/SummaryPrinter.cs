using System.Globalization;
using System.Text.Json;
using Replay.Books;
using Replay.Faults;
using Replay.Load;

namespace Replay.Reporting;

/// <summary>Prints what people read, and as the last line the JSON that machines read.</summary>
internal static class SummaryPrinter
{
    private const int NameWidth = 24;

    /// <summary>Prints at most <paramref name="shown"/> lines a reason; the report file has them all.</summary>
    public static void PrintSource(TextWriter output, RetailSource source, int shown)
    {
        var day = source.Day;
        output.WriteLine($"{source.Path}: {day.RowCount} rows, {day.Orders.Count} orders, {day.Cancellations.Count} cancellations, {day.RejectedLines.Count} lines rejected");
        foreach (var reason in day.RejectedLines.GroupBy(line => (line.Reason, line.Expected)).OrderBy(group => group.Key))
        {
            output.WriteLine($"Rejected, {reason.Key.Reason}: {reason.Count()}; right would be {reason.Key.Expected}");
            PrintSome(output, [.. reason], shown, line => $"line {line.Line}: {line.Field} '{Printable(line.Value)}'");
        }

        if (day.RejectedInvoices.Count > 0)
        {
            output.WriteLine($"Invoices without a line left: {day.RejectedInvoices.Count}");
            PrintSome(output, day.RejectedInvoices, shown, invoice => $"{Printable(invoice.Invoice)}: {invoice.Reason}");
        }

        PrintMatches(output, source, shown);
    }

    /// <summary>Prints what will go wrong. The seed is enough to plan the same again.</summary>
    public static void PrintPlan(TextWriter output, FaultPlan plan, int orders) => output.WriteLine(FormattableString.Invariant(
        $"Faults: {plan.Faults.Count} while {orders} orders flow for {plan.Replay.TotalSeconds:0} s, {plan.Faults.Count(fault => fault.Kind == FaultKind.Kill)} kills and {plan.Faults.Count(fault => fault.Kind == FaultKind.Pause)} pauses (--seed {plan.Seed})"));

    /// <summary>Prints the result. The last line is JSON.</summary>
    public static void Print(TextWriter output, Summary summary, IReadOnlyList<Violation> violations, int shown)
    {
        output.WriteLine();
        foreach (var rule in violations.GroupBy(violation => violation.Rule))
        {
            output.WriteLine($"VIOLATION {rule.Key}: {rule.Count()}");
            PrintSome(output, [.. rule], shown, violation => violation.Message);
        }

        PrintTable(output, summary);
        output.WriteLine(JsonSerializer.Serialize(summary, SummaryJson.Default.Summary));
    }

    private static void PrintTable(TextWriter output, Summary summary)
    {
        Row("orders sent", $"{summary.Orders} (run {summary.RunId})");
        Row("confirmed", $"{summary.Confirmed}");
        Row("cancelled", $"{summary.Cancelled}{Details(summary.CancelledByCode)}");
        Row("unfinished", $"{summary.Unfinished}");
        Row("ended late", $"{summary.Late}");
        Row("accepted for later", $"{summary.AcceptedForLater} (202)");
        Row("cancellations", $"{summary.Cancellations.Accepted} of {summary.Cancellations.Requested} accepted, {summary.Cancellations.UnmatchedLines} lines without an earlier order");
        Row("rejected", $"{summary.RejectedOrders} orders, {summary.RejectedLines} lines{Details(summary.RejectedLinesByReason)}");
        Row("retries", $"{summary.Retries}{Details(summary.RetriesByCause)}");
        Row("throughput", $"{summary.OrdersPerSecond} confirmed orders/s in {summary.DurationSeconds} s");
        Row("latency from due time", Text(summary.LatencyMs));
        Row("service time", Text(summary.ServiceTimeMs));
        Row("longest way to an end", FormattableString.Invariant($"{summary.LongestToEndMs} ms"));
        Row("money", $"{summary.MoneyKept.Plain()} captured and kept, confirmed orders cost {summary.MoneySold.Plain()}");
        Row("stock", $"{summary.SkusChecked} skus checked, {summary.SkusInDoubt} in doubt");
        Row("sent again", $"{summary.Repeated} orders");
        if (summary.Shop is { } shop)
        {
            Row("shop", $"{shop.Events?.ToString(CultureInfo.InvariantCulture) ?? "unknown"} events arrived, {shop.OutboxPending?.ToString(CultureInfo.InvariantCulture) ?? "unknown"} in the outbox, {(shop.SagasResumed is { } resumed ? $"at least {resumed}" : "unknown")} sagas resumed from the table");
        }

        if (summary.Faults is { } faults)
        {
            Row("faults", $"{faults.Done} of {faults.Planned}: {faults.Kills} kills, {faults.Pauses} pauses (--seed {faults.Seed})");
            foreach (var (name, target) in faults.Targets)
            {
                Row($"  {name}", FormattableString.Invariant($"{target.Kills} kills, {target.Pauses} pauses, away {target.LongestAwayMs} ms at most"));
            }
        }

        if (summary.Drill is { } drill)
        {
            Row("scenario", $"{drill.Scenario}, {drill.Changes.Count} changes of level or share");
            foreach (var (text, holds) in drill.Expectations)
            {
                Row(holds ? "  as expected" : "  NOT as expected", text);
            }

            foreach (var phase in drill.Phases)
            {
                Row($"  {phase.Phase}", FormattableString.Invariant(
                    $"{phase.Orders} orders, {phase.ConfirmedShare * 100:0.#} % confirmed in the end, {phase.AnsweredInTime} answered in time, p50 {phase.ServiceTimeMs.P50} ms, p99 {phase.ServiceTimeMs.P99} ms"));
            }
        }

        Row("books", (summary.Balanced, summary.Interrupted) switch
        {
            (true, _) => "balanced",
            (_, true) => "not checked: interrupted",
            _ => $"NOT balanced: {summary.ViolationCount} violations",
        });
        if (summary is { Balanced: false, Interrupted: false, Faults.Command: var command })
        {
            Row("the same faults again", command);
        }

        void Row(string name, string value) => output.WriteLine($"{name.PadRight(NameWidth - 1)} {value}");
    }

    private static void PrintMatches(TextWriter output, RetailSource source, int shown)
    {
        var matched = source.Matches.SelectMany(match => match.Orders, (match, order) => (match.Cancellation.Invoice, order.Order, order.Lines)).ToArray();
        var unmatched = source.Matches.SelectMany(match => match.Unmatched, (match, line) => (match.Cancellation.Invoice, line.Line, line.Reason)).ToArray();
        if (matched.Length > 0)
        {
            output.WriteLine($"Cancellations with an earlier order: {matched.Length}");
            PrintSome(output, matched, shown, match => $"{match.Invoice} cancels {match.Order.Invoice} ({string.Join(", ", match.Lines.Select(line => $"{line.Quantity.Plain()} x {line.Sku}"))})");
        }

        if (unmatched.Length > 0)
        {
            output.WriteLine($"Cancelled lines without an earlier order: {unmatched.Length}");
            PrintSome(output, unmatched, shown, match => $"line {match.Line.Line}, {match.Invoice}: {match.Reason}");
        }
    }

    private static void PrintSome<T>(TextWriter output, IReadOnlyCollection<T> items, int shown, Func<T, string> text)
    {
        foreach (var item in items.Take(shown))
        {
            output.WriteLine($"  {text(item)}");
        }

        if (items.Count > shown)
        {
            output.WriteLine($"  ... and {items.Count - shown} more");
        }
    }

    // A value comes from a file that may hold anything; control characters would move a terminal's cursor.
    private static string Printable(string value) => string.Concat(value.Select(character => char.IsControl(character) ? '?' : character));

    private static string Details(IReadOnlyDictionary<string, int> counts) =>
        counts.Count == 0 ? "" : $" ({string.Join(", ", counts.Select(count => $"{count.Key} {count.Value}"))})";

    private static string Text(LatencySummary latency) =>
        $"p50 {latency.P50} ms, p90 {latency.P90} ms, p95 {latency.P95} ms, p99 {latency.P99} ms, max {latency.Max} ms";
}
