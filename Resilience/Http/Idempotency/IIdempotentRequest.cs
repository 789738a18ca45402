namespace ResilientShop.Resilience.Http;

/// <summary>
/// What a handler can know about its idempotent request: <c>httpContext.Features.Get&lt;IIdempotentRequest&gt;()</c>. Null when the request
/// carries no key. Belongs to one request, not thread-safe.
/// </summary>
public interface IIdempotentRequest
{
    /// <summary>The claim under which the handler runs; what a store's transactional completion takes.</summary>
    IdempotencyClaim Claim { get; }

    /// <summary>Whether an earlier attempt ran out of its lease: its effect may be there already.</summary>
    bool TookOver { get; }

    /// <summary>
    /// Says that <paramref name="answer"/> has been committed together with the effect. It is what the caller gets, whatever else the handler writes.
    /// Call it after the commit; when the commit's outcome is not known, throw instead: a repeat finds out.
    /// </summary>
    /// <exception cref="InvalidOperationException">An answer was given already.</exception>
    void AnswerStored(StoredAnswer answer);
}
