namespace Replay.OnlineRetail;

/// <summary>Why a line is not sent: words to count and switch on.</summary>
internal static class RejectionReasons
{
    public const string BrokenRow = "broken-row";
    public const string FieldCount = "field-count";
    public const string NoInvoice = "no-invoice";
    public const string NoStockCode = "no-stock-code";
    public const string NotGoods = "not-goods";
    public const string StockCodeInvalid = "stock-code-invalid";
    public const string QuantityNotANumber = "quantity-not-a-number";
    public const string QuantityNotPositive = "quantity-not-positive";
    public const string QuantityNotNegative = "cancelled-quantity-not-negative";
    public const string QuantityOutOfRange = "quantity-out-of-range";
    public const string PriceNotANumber = "price-not-a-number";
    public const string PriceNotPositive = "price-not-positive";
    public const string PriceOutOfRange = "price-out-of-range";
    public const string CustomerInvalid = "customer-invalid";
    public const string CustomerDiffers = "customer-differs";
    public const string TooManyLines = "too-many-lines";
}
