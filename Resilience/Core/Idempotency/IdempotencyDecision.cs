namespace ResilientShop.Resilience;

/// <summary>What <see cref="IIdempotencyStore.BeginAsync"/> says about a request: one of the four nested types. Immutable, thread-safe.</summary>
public abstract record IdempotencyDecision
{
    private IdempotencyDecision()
    {
    }

    /// <summary>Nobody has carried out the request: do it, then complete or abandon the claim.</summary>
    /// <param name="Claim">What to complete or to abandon.</param>
    /// <param name="TookOver">
    /// Whether an earlier claim ran out of its lease. Its owner died or is still at work, so the effect may be there already, or come yet.
    /// </param>
    public sealed record Started(IdempotencyClaim Claim, bool TookOver) : IdempotencyDecision;

    /// <summary>The request was carried out: give this answer again.</summary>
    /// <param name="Answer">The first answer.</param>
    public sealed record Completed(StoredAnswer Answer) : IdempotencyDecision;

    /// <summary>Somebody is carrying out the request.</summary>
    /// <param name="LeaseLeft">Time until the claim could be taken over. Not negative. The answer is usually there much sooner.</param>
    public sealed record InProgress(TimeSpan LeaseLeft) : IdempotencyDecision;

    /// <summary>The key belongs to another request.</summary>
    public sealed record Mismatch : IdempotencyDecision;
}
