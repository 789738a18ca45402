namespace ResilientShop.Resilience;

/// <summary>
/// Remembers which requests were carried out and how they were answered, so that a repeated one never acts twice. Implementations are thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A process that dies leaves its claim behind. Once the lease has ended, the next request with the key takes the claim over, and <b>the request is
/// carried out again</b>: the store cannot know whether the first owner had its effect before it died. So the effect either commits in the same
/// transaction as the answer (see the PostgreSQL store), or is itself harmless to repeat (for example because it passes the key on).
/// </para>
/// <para>Fencing keeps the late first owner from storing an answer. It cannot take back an effect outside the store.</para>
/// </remarks>
public interface IIdempotencyStore
{
    /// <summary>Claims a key, or tells why that is not possible. Of any number of simultaneous calls for a free key one gets the claim.</summary>
    /// <param name="id">The key within its scope, from <see cref="IdempotencyKey.Identify"/>.</param>
    /// <param name="requestHash">
    /// Digest of the whole request. Another one under the same key is a mismatch, also when the first request never ended.
    /// </param>
    /// <param name="lease">How long the claim is safe from being taken over; positive, longer than the request can take.</param>
    /// <param name="cancellationToken">
    /// Ends the wait. Whether the claim was made is then unknown, and an unknown claim blocks the key until the lease ends; so don't pass a
    /// token that is cancelled when a caller hangs up.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The lease is not positive.</exception>
    Task<IdempotencyDecision> BeginAsync(Sha256Digest id, Sha256Digest requestHash, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the answer: from now on it is the answer to every request with the key. The lease may have ended, as long as nobody took the claim
    /// over.
    /// </summary>
    /// <returns>
    /// False when the claim was taken over or abandoned; nothing is stored then. A repeat of a call that was effective is true again.
    /// </returns>
    Task<bool> CompleteAsync(IdempotencyClaim claim, StoredAnswer answer, CancellationToken cancellationToken);

    /// <summary>
    /// Frees the key, because the request had no effect: the next one is carried out. Without effect when the claim was completed or taken over,
    /// so it is right also when nobody knows whether the transaction that completed it has committed.
    /// </summary>
    Task AbandonAsync(IdempotencyClaim claim, CancellationToken cancellationToken);
}
