using Replay.Books;
using Replay.Load;
using Replay.OnlineRetail;

namespace Replay.Reporting;

/// <summary>Everything about a run, nothing left out: content of the <c>--report</c> file.</summary>
internal sealed record Report(
    Summary Summary,
    IReadOnlyList<Violation> Violations,
    IReadOnlyList<RejectedLine> RejectedLines,
    IReadOnlyList<RejectedInvoice> RejectedInvoices,
    IReadOnlyList<ReportedCancellation> Cancellations,
    IReadOnlyList<ReportedOrder> Orders)
{
    /// <summary>Collects the report.</summary>
    public static Report Of(Summary summary, IReadOnlyList<Violation> violations, RetailSource? source, LoadRun? run) => new(
        summary,
        violations,
        source?.Day.RejectedLines ?? [],
        source?.Day.RejectedInvoices ?? [],
        [.. Unmatched(source), .. (run?.Cancellations ?? []).Select(ReportedCancellation.Of)],
        [.. (run?.Orders ?? []).Select(ReportedOrder.Of)]);

    private static IEnumerable<ReportedCancellation> Unmatched(RetailSource? source) =>
        from match in source?.Matches ?? []
        from line in match.Unmatched
        select new ReportedCancellation(match.Cancellation.Invoice, line.Line.Line, line.Line.Sku, null, null, $"not sent: {line.Reason}");
}

/// <summary>A cancellation request, or a cancelled line without an order.</summary>
internal sealed record ReportedCancellation(string Invoice, int? Line, string? Sku, string? OrderInvoice, string? Key, string? Outcome)
{
    /// <summary>Reports a request.</summary>
    public static ReportedCancellation Of(CancellationRun run) =>
        new(run.Cancellation.Invoice, null, null, run.Cancellation.Order.Invoice, run.Cancellation.Order.Key, run.Outcome);
}

/// <summary>An order and how it ended.</summary>
internal sealed record ReportedOrder(
    string Invoice, string Key, Guid? Id, int? HttpStatus, string? Status, string? Code, decimal Total, int Lines, double? LatencyMs)
{
    /// <summary>Reports an order.</summary>
    public static ReportedOrder Of(OrderRun run) => new(
        run.Order.Invoice,
        run.Order.Key,
        run.Id,
        run.Answer?.Status,
        run.Status,
        run.FailureCode,
        run.Order.Total,
        run.Order.Request.Lines.Count,
        run.Latency?.Milliseconds());
}
