namespace ResilientShop.Orders.Checkout;

/// <summary>
/// <see cref="Contracts.PlaceOrderRequest"/> as it arrives: everything may be missing, so that one pass can name all that is.
/// </summary>
internal sealed record PlaceOrderBody(string? CustomerId, string? Currency, IReadOnlyList<PlaceOrderBody.Line?>? Lines, PlaceOrderBody.PaymentBody? Payment)
{
    internal sealed record Line(string? Sku, decimal? Quantity, decimal? UnitPrice);

    internal sealed record PaymentBody(string? Token);
}
