using System.Globalization;

namespace ResilientShop.Inventory.Stock;

/// <summary>What a sku and a quantity may be. Each check answers null when it is fine, else what is wrong and what would be right.</summary>
internal static class StockRules
{
    public const int LongestSku = 64;
    public const decimal LargestQuantity = 1_000_000_000m;
    public const int MostDecimals = 3;

    public static string? CheckSku(string? sku) => sku switch
    {
        null or "" => $"is missing; it must have 1 to {LongestSku} characters.",
        { Length: > LongestSku } => $"has {sku.Length} characters; it must have 1 to {LongestSku}.",
        _ when sku.Any(char.IsControl) => "has a control character; it must have none.",
        _ => null,
    };

    public static string? CheckAvailable(decimal? value) => value switch
    {
        null => Invariant($"is missing; it must be a number from 0 to {LargestQuantity}."),
        < 0 or > LargestQuantity => Invariant($"is {value}; it must be from 0 to {LargestQuantity}."),
        _ => CheckDecimals(value.Value),
    };

    public static string? CheckReserved(decimal value) => value is <= 0 or > LargestQuantity
        ? Invariant($"is {value}; it must be more than 0 and at most {LargestQuantity}.")
        : CheckDecimals(value);

    private static string? CheckDecimals(decimal value) => decimal.Round(value, MostDecimals) == value
        ? null
        : Invariant($"is {value}; it must have at most {MostDecimals} decimal places.");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
