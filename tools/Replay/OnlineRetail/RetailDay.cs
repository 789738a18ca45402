namespace Replay.OnlineRetail;

/// <summary>What a file holds: orders and cancellations in order of first appearance, and all that is not sent, with the reason.</summary>
internal sealed record RetailDay(
    int RowCount,
    IReadOnlyList<SalesOrder> Orders,
    IReadOnlyList<Cancellation> Cancellations,
    IReadOnlyList<RejectedLine> RejectedLines,
    IReadOnlyList<RejectedInvoice> RejectedInvoices);

/// <summary>An invoice with no line left, and why.</summary>
internal sealed record RejectedInvoice(string Invoice, bool IsCancellation, string Reason);
