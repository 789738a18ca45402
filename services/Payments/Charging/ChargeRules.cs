using System.Globalization;
using ResilientShop.Contracts;

namespace ResilientShop.Payments.Charging;

/// <summary>What a charge may be. Errors name the field, the value (never the token's, which is a secret) and what would be right.</summary>
internal static class ChargeRules
{
    private const decimal LargestAmount = 1_000_000_000_000_000m;
    private const int MostDecimals = 7;
    private const int LongestToken = 255;

    public static Dictionary<string, string[]> Check(ChargeRequest request)
    {
        var errors = new Dictionary<string, string[]>();
        Add("orderId", request.OrderId == Guid.Empty ? "is missing; it must be a UUID." : null);
        Add("amount", CheckAmount(request.Amount));
        Add("currency", CheckCurrency(request.Currency));
        Add("token", CheckToken(request.Token));
        return errors;

        void Add(string field, string? wrong)
        {
            if (wrong is not null)
            {
                errors[field] = [$"{field} {wrong}"];
            }
        }
    }

    private static string? CheckAmount(decimal amount) => amount switch
    {
        <= 0 or > LargestAmount => string.Create(CultureInfo.InvariantCulture, $"is {amount}; it must be more than 0 and at most {LargestAmount}."),
        _ when decimal.Round(amount, MostDecimals) != amount =>
            string.Create(CultureInfo.InvariantCulture, $"is {amount}; it must have at most {MostDecimals} decimal places."),
        _ => null,
    };

    private static string? CheckCurrency(string? currency) => currency switch
    {
        null => "is missing; it must be three upper-case letters such as GBP.",
        { Length: > 3 } => $"has {currency.Length} characters; it must be three upper-case letters such as GBP.",
        { Length: 3 } when currency.All(char.IsAsciiLetterUpper) => null,
        _ => $"is '{currency}'; it must be three upper-case letters such as GBP.",
    };

    private static string? CheckToken(string? token) => token switch
    {
        null or "" => $"is missing; it must have 1 to {LongestToken} characters.",
        { Length: > LongestToken } => $"has {token.Length} characters; it must have 1 to {LongestToken}.",
        _ when token.Any(character => character is < '!' or > '~') => "has a character that is not visible ASCII.",
        _ => null,
    };
}
