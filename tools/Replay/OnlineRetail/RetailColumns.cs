namespace Replay.OnlineRetail;

/// <summary>Where the columns of Online Retail are in this file. They are found by name, so their order does not matter.</summary>
internal sealed record RetailColumns(int Count, int Invoice, int StockCode, int Quantity, int UnitPrice, int Customer)
{
    /// <summary>
    /// Finds the columns in the header. Case, blanks and underscores do not matter, and the names of the data set's second edition
    /// ("Invoice", "Price", "Customer ID") are known too.
    /// </summary>
    /// <exception cref="RetailFileException">A column is missing or there twice.</exception>
    public static RetailColumns Find(CsvRecord header)
    {
        if (header.Broken is not null || header.Fields.Any(name => name.Contains('\0', StringComparison.Ordinal)))
        {
            throw new RetailFileException($"line {header.Line} is no CSV header; {WhatIsRight}");
        }

        var names = header.Fields.Select(Simplify).ToArray();
        var missing = new List<string>();
        var columns = new RetailColumns(
            names.Length,
            Index("InvoiceNo", "invoice"),
            Index("StockCode"),
            Index("Quantity"),
            Index("UnitPrice", "price"),
            Index("CustomerID", "customer"));
        return missing.Count == 0
            ? columns
            : throw new RetailFileException($"line {header.Line} lacks the column{(missing.Count > 1 ? "s" : "")} {string.Join(", ", missing)}; {WhatIsRight}");

        int Index(string name, string? otherName = null)
        {
            var found = names.Index().Where(column => column.Item == Simplify(name) || column.Item == otherName).Select(column => column.Index).ToArray();
            if (found.Length > 1)
            {
                throw new RetailFileException($"line {header.Line} has the column {name} {found.Length} times; {WhatIsRight}");
            }

            if (found.Length == 0)
            {
                missing.Add(name);
            }

            return found.FirstOrDefault(-1);
        }
    }

    private const string WhatIsRight =
        "the first line has to name InvoiceNo, StockCode, Quantity, UnitPrice and CustomerID, separated by commas (any order, more columns are fine)";

    private static string Simplify(string name) =>
        string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
