namespace Replay.OnlineRetail;

/// <summary>
/// An invoice that sells. <paramref name="Position"/> is its place among all invoices of the file, by first appearance; a customer who is
/// not named is <see cref="Guest"/>.
/// </summary>
internal sealed record SalesOrder(string Invoice, int Position, string CustomerId, IReadOnlyList<OrderLine> Lines)
{
    /// <summary>Customer id of orders whose invoice names no customer.</summary>
    public const string Guest = "guest";

    /// <summary>What the customer owes, exact.</summary>
    public decimal Total { get; } = Lines.Sum(line => line.Quantity * line.UnitPrice);
}
