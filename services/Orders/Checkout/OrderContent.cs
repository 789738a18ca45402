using System.Security.Cryptography;
using System.Text.Json;
using ResilientShop.Contracts;

namespace ResilientShop.Orders.Checkout;

/// <summary>What an order says, independent of how its JSON was written: spaces, member order, <c>1.50</c> or <c>1.5</c>.</summary>
internal static class OrderContent
{
    // Dividing by one with all its decimals drops trailing zeros.
    private const decimal One = 1.0000000000000000000000000000m;

    public static byte[] Hash(PlaceOrderRequest request)
    {
        var normal = request with
        {
            Lines = [.. request.Lines.Select(line => line with { Quantity = line.Quantity / One, UnitPrice = line.UnitPrice / One })],
        };
        return SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(normal, JsonSerializerOptions.Web));
    }

    /// <summary>Exact, without rounding: the limits of the rules keep it within 22 digits.</summary>
    public static decimal Total(IEnumerable<OrderLine> lines) => lines.Sum(line => line.Quantity * line.UnitPrice);
}
