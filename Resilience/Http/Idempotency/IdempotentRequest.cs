namespace ResilientShop.Resilience.Http;

/// <inheritdoc/>
internal sealed class IdempotentRequest(IdempotencyDecision.Started started) : IIdempotentRequest
{
    public IdempotencyClaim Claim => started.Claim;

    public bool TookOver => started.TookOver;

    /// <summary>What the handler committed itself, or null.</summary>
    public StoredAnswer? Answer { get; private set; }

    public void AnswerStored(StoredAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Answer = Answer is null ? answer : throw new InvalidOperationException("The request has its stored answer already; a request has one.");
    }
}
