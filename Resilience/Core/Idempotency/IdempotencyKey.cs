namespace ResilientShop.Resilience;

/// <summary>
/// The rules for the value of <see cref="ResilienceHeaders.IdempotencyKey"/>: sent once, 1 to 255 visible ASCII characters, otherwise opaque.
/// Quotation marks are part of the key. Pure and thread-safe.
/// </summary>
/// <remarks>
/// The IETF draft idempotency-key-header leaves the format to the server; 255 characters is what Stripe's API takes.
/// </remarks>
public static class IdempotencyKey
{
    /// <summary>Most characters of a key.</summary>
    public const int MaxLength = 255;

    /// <summary>Checks one key.</summary>
    /// <returns>What is wrong with it, as the rest of a sentence that begins with the header's name; null when nothing is.</returns>
    public static string? Check(string? key) => key switch
    {
        null or "" => $"is empty; it must have 1 to {MaxLength} visible ASCII characters.",
        { Length: > MaxLength } => $"has {key.Length} characters; it must have 1 to {MaxLength}.",
        _ when key.AsSpan().ContainsAnyExceptInRange('!', '~') => "has a character that is not visible ASCII.",
        _ => null,
    };

    /// <summary>Checks all values of the header in one request. No value is fine: <paramref name="key"/> is null then.</summary>
    /// <param name="values">The values as received; one an occurrence of the header.</param>
    /// <param name="key">The key, or null when there is none or it is wrong.</param>
    /// <returns>What is wrong, as by <see cref="Check(string?)"/>; null when nothing is.</returns>
    public static string? Check(IReadOnlyList<string?> values, out string? key)
    {
        ArgumentNullException.ThrowIfNull(values);
        key = null;
        if (values.Count == 0)
        {
            return null;
        }

        var wrong = values.Count > 1 ? $"is there {values.Count} times; send it once." : Check(values[0]);
        key = wrong is null ? values[0] : null;
        return wrong;
    }

    /// <summary>
    /// What a store knows a key by: a digest of the key within its scope. The same key for another operation or from another caller is another
    /// identity, so nobody can read a stranger's answer by guessing a key, and no store holds or logs the key itself.
    /// </summary>
    /// <param name="operation">What is done, for example <c>POST /orders</c>.</param>
    /// <param name="caller">Who asks, for example a tenant or a user; null when callers are not told apart.</param>
    /// <param name="key">The key, as checked by <see cref="Check(string?)"/>.</param>
    public static Sha256Digest Identify(string operation, string? caller, string key)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(key);
        using var digest = new DigestWriter();
        return digest.Text(operation).Text(caller).Text(key).Finish();
    }
}
