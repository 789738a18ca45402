using Microsoft.Extensions.Primitives;
using ResilientShop.Resilience;

namespace ResilientShop.Orders.Checkout;

/// <summary>The header under which a repeated request has the effect and the answer of the first one.</summary>
internal static class IdempotencyKey
{
    public const int Longest = 255;

    /// <summary>Reads the header. No header is fine: <paramref name="key"/> is null then.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static string? Read(IHeaderDictionary headers, out string? key)
    {
        key = null;
        if (!headers.TryGetValue(ResilienceHeaders.IdempotencyKey, out var values) || values.Count == 0)
        {
            return null;
        }

        return Check(values, out key);
    }

    private static string? Check(StringValues values, out string? key)
    {
        key = values.Count == 1 ? values[0] : null;
        return values switch
        {
            { Count: > 1 } => $"is there {values.Count} times; send it once.",
            _ when string.IsNullOrEmpty(key) => $"is empty; it must have 1 to {Longest} visible ASCII characters.",
            _ when key.Length > Longest => $"has {key.Length} characters; it must have 1 to {Longest}.",
            _ when key.Any(character => character is < '!' or > '~') => "has a character that is not visible ASCII.",
            _ => null,
        };
    }
}
