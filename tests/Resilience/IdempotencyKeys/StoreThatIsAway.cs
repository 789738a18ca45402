namespace Resilience.Tests.IdempotencyKeys;

/// <summary>A store that cannot be reached, at once or after it has given a claim.</summary>
internal sealed class StoreThatIsAway(bool begins) : IIdempotencyStore
{
    public const string Reason = "The store is away.";

    public Task<IdempotencyDecision> BeginAsync(Sha256Digest id, Sha256Digest requestHash, TimeSpan lease, CancellationToken cancellationToken) =>
        begins ? Task.FromResult<IdempotencyDecision>(new IdempotencyDecision.Started(new IdempotencyClaim(id, 1), TookOver: false)) : throw new IOException(Reason);

    public Task<bool> CompleteAsync(IdempotencyClaim claim, StoredAnswer answer, CancellationToken cancellationToken) => throw new IOException(Reason);

    public Task AbandonAsync(IdempotencyClaim claim, CancellationToken cancellationToken) => throw new IOException(Reason);
}
