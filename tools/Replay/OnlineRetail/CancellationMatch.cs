namespace Replay.OnlineRetail;

/// <summary>What was found for a cancellation: the orders to cancel, each with the lines that led to it, and the lines that led nowhere.</summary>
internal sealed record CancellationMatch(
    Cancellation Cancellation,
    IReadOnlyList<(SalesOrder Order, IReadOnlyList<RetailRow> Lines)> Orders,
    IReadOnlyList<(RetailRow Line, string Reason)> Unmatched);
