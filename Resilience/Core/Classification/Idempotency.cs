namespace ResilientShop.Resilience;

/// <summary>What happens when a request reaches its server twice. It decides which failures may be retried.</summary>
public enum Idempotency
{
    /// <summary>It acts twice. Retried only when it certainly never reached the server.</summary>
    NotIdempotent,

    /// <summary>The second has the effect and the answer of the first, because both carry one key or replace the same thing.</summary>
    Idempotent,

    /// <summary>It changes nothing.</summary>
    Safe,
}
