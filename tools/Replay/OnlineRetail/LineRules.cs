using System.Globalization;
using System.Text.RegularExpressions;

namespace Replay.OnlineRetail;

/// <summary>
/// Decides which lines are sales or cancellations of goods. The first rule that a line breaks is its reason. In this data set the code of goods
/// starts with five digits; all else is postage, fees, discounts, vouchers or samples (POST, M, D, BANK CHARGES, gift_0001_20 ...).
/// </summary>
internal static partial class LineRules
{
    private const string GoodsRule = "a code of goods: five digits, then letters, digits, '.', '-' or '_', at most 64 characters";

    /// <summary>Reads a record as a row; exactly one of the two results is set.</summary>
    public static (RetailRow? Row, RejectedLine? Rejected) Check(CsvRecord record, RetailColumns columns)
    {
        if (record.Broken is not null)
        {
            return Rejected("row", record.Fields.FirstOrDefault(""), RejectionReasons.BrokenRow, $"well-formed CSV ({record.Broken})", null);
        }

        if (record.Fields.Count != columns.Count)
        {
            return Rejected("row", $"{record.Fields.Count} fields", RejectionReasons.FieldCount, $"{columns.Count} fields, as in the header", null);
        }

        var invoice = Text(columns.Invoice);
        var cancellation = invoice.StartsWith('C') || invoice.StartsWith('c');
        var sku = Text(columns.StockCode);
        var quantity = Number(Text(columns.Quantity));
        var price = Number(Text(columns.UnitPrice));
        var customer = Text(columns.Customer);
        var broken = CheckInvoice(invoice) ?? CheckStockCode(sku)
            ?? CheckQuantity(Text(columns.Quantity), quantity, cancellation)
            ?? CheckPrice(Text(columns.UnitPrice), price)
            ?? CheckCustomer(customer);
        if (broken is { } rule)
        {
            return Rejected(rule.Field, rule.Value, rule.Reason, rule.Expected, invoice.Length == 0 ? null : invoice);
        }

        var row = new RetailRow(record.Line, invoice, cancellation, sku, Math.Abs(quantity!.Value), price!.Value, customer.Length == 0 ? null : customer);
        return (row, null);

        string Text(int column) => WithoutZeroFraction(record.Fields[column].Trim());

        (RetailRow?, RejectedLine?) Rejected(string field, string value, string reason, string expected, string? ofInvoice) =>
            (null, new RejectedLine(record.Line, ofInvoice, field, value, reason, expected));
    }

    private static BrokenRule? CheckInvoice(string invoice) =>
        invoice.Length == 0 ? new("InvoiceNo", invoice, RejectionReasons.NoInvoice, "an invoice number") : null;

    private static BrokenRule? CheckStockCode(string sku) => sku switch
    {
        "" => new("StockCode", sku, RejectionReasons.NoStockCode, GoodsRule),
        _ when !StartsWithFiveDigits().IsMatch(sku) => new("StockCode", sku, RejectionReasons.NotGoods, GoodsRule),
        _ when sku.Length > ApiLimits.MaxSkuLength || !GoodsCode().IsMatch(sku) => new("StockCode", sku, RejectionReasons.StockCodeInvalid, GoodsRule),
        _ => null,
    };

    private static BrokenRule? CheckQuantity(string text, decimal? number, bool cancellation)
    {
        const string Field = "Quantity";
        if (number is not { } quantity)
        {
            return new(Field, text, RejectionReasons.QuantityNotANumber, "a number such as 6 or 0.5");
        }

        if (cancellation ? quantity >= 0 : quantity <= 0)
        {
            return cancellation
                ? new(Field, text, RejectionReasons.QuantityNotNegative, "a negative number on a cancellation (C...)")
                : new(Field, text, RejectionReasons.QuantityNotPositive, "more than 0");
        }

        return Math.Abs(quantity) > ApiLimits.MaxQuantity || decimal.Round(quantity, ApiLimits.QuantityDecimals) != quantity
            ? new(Field, text, RejectionReasons.QuantityOutOfRange, $"at most {ApiLimits.MaxQuantity} with at most {ApiLimits.QuantityDecimals} decimals")
            : null;
    }

    private static BrokenRule? CheckPrice(string text, decimal? number)
    {
        const string Field = "UnitPrice";
        if (number is not { } price)
        {
            return new(Field, text, RejectionReasons.PriceNotANumber, "a number such as 2.55");
        }

        if (price <= 0)
        {
            return new(Field, text, RejectionReasons.PriceNotPositive, "more than 0");
        }

        return price > ApiLimits.MaxUnitPrice || decimal.Round(price, ApiLimits.PriceDecimals) != price
            ? new(Field, text, RejectionReasons.PriceOutOfRange, $"at most {ApiLimits.MaxUnitPrice} with at most {ApiLimits.PriceDecimals} decimals")
            : null;
    }

    private static BrokenRule? CheckCustomer(string customer) =>
        customer.Length > ApiLimits.MaxCustomerLength || customer.Any(character => character is < '!' or > '~')
            ? new("CustomerID", customer, RejectionReasons.CustomerInvalid, $"at most {ApiLimits.MaxCustomerLength} visible ASCII characters, or nothing for a guest")
            : null;

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    // Tools that read the column as floating point write 17850 back as "17850.0".
    private static string WithoutZeroFraction(string text) => ZeroFraction().IsMatch(text) ? text[..text.IndexOf('.', StringComparison.Ordinal)] : text;

    [GeneratedRegex("^[0-9]+\\.0+$", RegexOptions.CultureInvariant)]
    private static partial Regex ZeroFraction();

    [GeneratedRegex("^[0-9]{5}", RegexOptions.CultureInvariant)]
    private static partial Regex StartsWithFiveDigits();

    [GeneratedRegex("^[0-9]{5}[A-Za-z0-9._-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex GoodsCode();

    private readonly record struct BrokenRule(string Field, string Value, string Reason, string Expected);
}
