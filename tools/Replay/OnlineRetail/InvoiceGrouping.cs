namespace Replay.OnlineRetail;

/// <summary>
/// Collects the lines of invoices, wherever in the file they are. Belongs to one thread. An invoice's customer is the first one that it names;
/// a line that names another one is rejected, and so is every line after the most that the API takes.
/// </summary>
internal sealed class InvoiceGrouping
{
    private readonly Dictionary<string, Invoice> _invoices = new(StringComparer.Ordinal);
    private readonly List<RejectedLine> _rejected = [];
    private int _rows;

    /// <summary>Adds a line that keeps the rules.</summary>
    public void Add(RetailRow row)
    {
        _rows++;
        var invoice = InvoiceOf(row.Invoice);
        if (row.Customer is not null && invoice.Customer is not null && row.Customer != invoice.Customer)
        {
            Reject(row, invoice, "CustomerID", row.Customer, RejectionReasons.CustomerDiffers, "the customer of the invoice's earlier lines");
        }
        else if (invoice.Rows.Count == ApiLimits.MaxLines)
        {
            Reject(row, invoice, "row", $"line {ApiLimits.MaxLines + 1} or later of its invoice", RejectionReasons.TooManyLines, $"at most {ApiLimits.MaxLines} lines an order");
        }
        else
        {
            invoice.Customer ??= row.Customer;
            invoice.Rows.Add(row);
        }
    }

    /// <summary>Adds a line that is not sent.</summary>
    public void Add(RejectedLine rejected)
    {
        _rows++;
        _rejected.Add(rejected);
        if (rejected.Invoice is not null)
        {
            InvoiceOf(rejected.Invoice).Rejected.Add(rejected.Reason);
        }
    }

    /// <summary>What was collected.</summary>
    public RetailDay Build()
    {
        var inOrder = _invoices.Values.OrderBy(invoice => invoice.Position).ToArray();
        return new RetailDay(
            _rows,
            [.. inOrder.Where(invoice => invoice is { Rows.Count: > 0, IsCancellation: false }).Select(ToOrder)],
            [.. inOrder.Where(invoice => invoice is { Rows.Count: > 0, IsCancellation: true }).Select(ToCancellation)],
            _rejected,
            [.. inOrder.Where(invoice => invoice.Rows.Count == 0).Select(ToRejected)]);
    }

    private static SalesOrder ToOrder(Invoice invoice) => new(
        invoice.Number,
        invoice.Position,
        invoice.Customer ?? SalesOrder.Guest,
        [.. invoice.Rows.Select(row => new OrderLine(row.Sku, row.Quantity, row.UnitPrice))]);

    private static Cancellation ToCancellation(Invoice invoice) => new(invoice.Number, invoice.Position, invoice.Customer, invoice.Rows);

    private static RejectedInvoice ToRejected(Invoice invoice) =>
        new(invoice.Number, invoice.IsCancellation, $"no line left: {string.Join(", ", invoice.Rejected.CountBy(reason => reason).Select(reason => $"{reason.Value} x {reason.Key}"))}");

    private void Reject(RetailRow row, Invoice invoice, string field, string value, string reason, string expected)
    {
        invoice.Rejected.Add(reason);
        _rejected.Add(new RejectedLine(row.Line, row.Invoice, field, value, reason, expected));
    }

    private Invoice InvoiceOf(string number)
    {
        if (!_invoices.TryGetValue(number, out var invoice))
        {
            invoice = new Invoice(number, _invoices.Count);
            _invoices.Add(number, invoice);
        }

        return invoice;
    }

    private sealed class Invoice(string number, int position)
    {
        public string Number => number;

        public int Position => position;

        public bool IsCancellation { get; } = number.StartsWith('C') || number.StartsWith('c');

        public string? Customer { get; set; }

        public List<RetailRow> Rows { get; } = [];

        public List<string> Rejected { get; } = [];
    }
}
