namespace Replay.OnlineRetail;

/// <summary>
/// A line of an invoice that keeps the rules. <paramref name="Quantity"/> is positive also on a cancellation, where it is what goes back.
/// <paramref name="Customer"/> is null where the file names none.
/// </summary>
internal sealed record RetailRow(int Line, string Invoice, bool IsCancellation, string Sku, decimal Quantity, decimal UnitPrice, string? Customer);
