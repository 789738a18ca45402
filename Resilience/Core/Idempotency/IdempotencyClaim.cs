namespace ResilientShop.Resilience;

/// <summary>The right to carry out the request of one key, until its lease ends and somebody else takes it over. Immutable, thread-safe.</summary>
/// <param name="Id">The key within its scope, from <see cref="IdempotencyKey.Identify"/>.</param>
/// <param name="Token">
/// Fencing token: no two claims of a store ever have the same. A write with the token of a claim that was taken over has no effect, however late
/// it comes.
/// </param>
public readonly record struct IdempotencyClaim(Sha256Digest Id, long Token);
