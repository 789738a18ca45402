namespace Replay.OnlineRetail;

/// <summary>What <c>POST /orders</c> takes. A line beyond these limits is rejected here, so that a 400 from the shop is always worth a look.</summary>
internal static class ApiLimits
{
    public const int MaxLines = 1000;
    public const int MaxSkuLength = 64;
    public const int MaxCustomerLength = 64;
    public const decimal MaxQuantity = 1_000_000m;
    public const decimal MaxUnitPrice = 1_000_000m;
    public const int QuantityDecimals = 3;
    public const int PriceDecimals = 4;
}
