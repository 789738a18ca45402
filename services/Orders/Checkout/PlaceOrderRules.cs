using System.Globalization;
using ResilientShop.Contracts;

namespace ResilientShop.Orders.Checkout;

/// <summary>What an order may be. One pass finds everything that is wrong; each sentence names the value and what would be right.</summary>
internal static class PlaceOrderRules
{
    public const int MostLines = 1000;
    public const int LongestName = 64;
    public const int LongestToken = 255;
    public const decimal Largest = 1_000_000m;
    public const int QuantityDecimals = 3;
    public const int PriceDecimals = 4;

    /// <summary>The order that <paramref name="body"/> describes, or null with at least one entry in <paramref name="errors"/>.</summary>
    public static PlaceOrderRequest? Check(PlaceOrderBody body, out Dictionary<string, string[]> errors)
    {
        var found = new Dictionary<string, string[]>(StringComparer.Ordinal);
        Note(found, "customerId", CheckVisible(body.CustomerId, LongestName));
        Note(found, "currency", CheckCurrency(body.Currency));
        Note(found, "payment.token", body.Payment is null ? "is missing; payment must be an object with a token." : CheckToken(body.Payment.Token));
        Note(found, "lines", CheckCount(body.Lines));
        if (!found.ContainsKey("lines"))
        {
            CheckLines(found, body.Lines!);
        }

        errors = found;
        return found.Count > 0
            ? null
            : new PlaceOrderRequest(
                body.CustomerId!,
                body.Currency!,
                [.. body.Lines!.Select(line => new OrderLine(line!.Sku!, line.Quantity!.Value, line.UnitPrice!.Value))],
                new PaymentMethod(body.Payment!.Token!));
    }

    private static void CheckLines(Dictionary<string, string[]> errors, IReadOnlyList<PlaceOrderBody.Line?> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"lines[{i}]");
            if (lines[i] is not { } line)
            {
                Note(errors, name, "is null; it must be an object with sku, quantity and unitPrice.");
                continue;
            }

            Note(errors, $"{name}.sku", CheckSku(line.Sku));
            Note(errors, $"{name}.quantity", CheckNumber(line.Quantity, QuantityDecimals));
            Note(errors, $"{name}.unitPrice", CheckNumber(line.UnitPrice, PriceDecimals));
        }
    }

    private static string? CheckCount(IReadOnlyList<PlaceOrderBody.Line?>? lines) => lines switch
    {
        null => Invariant($"is missing; it must have 1 to {MostLines} entries."),
        { Count: 0 } => Invariant($"is empty; it must have 1 to {MostLines} entries."),
        { Count: > MostLines } => Invariant($"has {lines.Count} entries; it must have 1 to {MostLines}."),
        _ => null,
    };

    private static string? CheckVisible(string? text, int longest) =>
        CheckLength(text, longest) ?? (text!.Any(character => char.IsControl(character) || char.IsWhiteSpace(character) || char.IsSurrogate(character))
            ? "has a character that is not visible; it must have visible characters only."
            : null);

    private static string? CheckSku(string? sku) =>
        CheckLength(sku, LongestName) ?? (sku!.Any(character => char.IsControl(character) || char.IsSurrogate(character))
            ? "has a control character; it must have none."
            : null);

    // A token is a secret: its value is never repeated.
    private static string? CheckToken(string? token) =>
        CheckLength(token, LongestToken) ?? (token!.Any(character => character is < '!' or > '~')
            ? "has a character that is not visible ASCII."
            : null);

    private static string? CheckLength(string? text, int longest) => text switch
    {
        null or "" => Invariant($"is missing; it must have 1 to {longest} characters."),
        _ when text.Length > longest => Invariant($"has {text.Length} characters; it must have 1 to {longest}."),
        _ => null,
    };

    private static string? CheckCurrency(string? currency) => currency switch
    {
        null or "" => "is missing; it must be three upper-case letters such as GBP.",
        { Length: > 3 } => Invariant($"has {currency.Length} characters; it must be three upper-case letters such as GBP."),
        { Length: 3 } when currency.All(char.IsAsciiLetterUpper) => null,
        _ => $"is '{currency}'; it must be three upper-case letters such as GBP.",
    };

    private static string? CheckNumber(decimal? value, int decimals) => value switch
    {
        null => Invariant($"is missing; it must be a number greater than 0 and at most {Largest}."),
        <= 0 or > Largest => Invariant($"is {value}; it must be greater than 0 and at most {Largest}."),
        _ when decimal.Round(value.Value, decimals) != value => Invariant($"is {value}; it must have at most {decimals} decimal places."),
        _ => null,
    };

    private static void Note(Dictionary<string, string[]> errors, string field, string? wrong)
    {
        if (wrong is not null)
        {
            errors[field] = [$"{field} {wrong}"];
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
