namespace ResilientShop.Resilience.Http;

/// <summary>Names of the response headers of idempotent endpoints.</summary>
public static class IdempotencyHeaders
{
    /// <summary><c>true</c> on an answer that was given before and is given again.</summary>
    public const string Replayed = "Idempotency-Replayed";
}
