namespace ResilientShop.Resilience.Http;

/// <inheritdoc cref="IIdempotencyKeyMetadata"/>
internal sealed record IdempotencyKeyMetadata(bool IsRequired) : IIdempotencyKeyMetadata
{
    public override string ToString() => IsRequired ? "Idempotency-Key required" : "Idempotency-Key accepted";
}
