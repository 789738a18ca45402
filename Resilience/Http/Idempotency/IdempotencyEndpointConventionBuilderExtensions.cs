using Microsoft.AspNetCore.Builder;

namespace ResilientShop.Resilience.Http;

/// <summary>Marks endpoints as idempotent. <see cref="IdempotencyApplicationBuilderExtensions.UseIdempotency"/> does the work.</summary>
public static class IdempotencyEndpointConventionBuilderExtensions
{
    /// <summary>
    /// A repeat with the same <see cref="ResilienceHeaders.IdempotencyKey"/> gets the first answer. A request without a key is refused with 400.
    /// </summary>
    public static TBuilder RequireIdempotencyKey<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new IdempotencyKeyMetadata(IsRequired: true));

    /// <summary>
    /// A repeat with the same <see cref="ResilienceHeaders.IdempotencyKey"/> gets the first answer. A request without a key acts every time.
    /// </summary>
    public static TBuilder AcceptIdempotencyKey<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new IdempotencyKeyMetadata(IsRequired: false));
}
