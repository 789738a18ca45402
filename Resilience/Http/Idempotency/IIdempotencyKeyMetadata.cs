namespace ResilientShop.Resilience.Http;

/// <summary>Endpoint metadata: the endpoint has an effect once under one <see cref="ResilienceHeaders.IdempotencyKey"/>.</summary>
public interface IIdempotencyKeyMetadata
{
    /// <summary>Whether a request without the key is refused. Otherwise such a request is not protected.</summary>
    bool IsRequired { get; }
}
