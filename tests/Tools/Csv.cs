using System.Text;

namespace Tools.Tests;

/// <summary>Small Online Retail files.</summary>
internal static class Csv
{
    public const string Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

    public static string Line(string invoice, string sku, string quantity = "1", string price = "2.50", string customer = "17850.0", string description = "LANTERN") =>
        $"{invoice},{sku},{description},{quantity},2010-12-01 08:26:00,{price},{customer},United Kingdom";

    public static string File(params IEnumerable<string> lines) => string.Join('\n', [Header, .. lines]) + "\n";

    public static Task<RetailDay> ReadAsync(string text) => ReadAsync(Encoding.UTF8.GetBytes(text));

    public static Task<RetailDay> ReadAsync(byte[] bytes) => RetailFile.ReadAsync(new MemoryStream(bytes), TestContext.Current.CancellationToken);

    public static async Task<RejectedLine> RejectAsync(string line) => (await ReadAsync(File(line))).RejectedLines.ShouldHaveSingleItem();
}
