namespace ResilientShop.Resilience;

/// <summary>
/// What a protocol tells <see cref="TierPipeline"/> about its calls. Implementations are structs, so that the pipeline is compiled for each protocol
/// and a call costs neither a closure nor an interface dispatch.
/// </summary>
/// <typeparam name="TResult">The answer.</typeparam>
internal interface ITieredCall<TResult>
{
    /// <summary>What happens when the request arrives twice. Asked only after a failure.</summary>
    Idempotency Idempotency { get; }

    /// <summary>Whether the request can be sent once more at all; a body that was a stream cannot. Asked only after a failure.</summary>
    bool CanRepeat { get; }

    /// <summary>Sends the request.</summary>
    Task<TResult> StartAsync(in Attempt attempt, CancellationToken cancellationToken);

    /// <summary>Whether the answer is there whole.</summary>
    bool IsWhole(TResult result);

    /// <summary>Reads the rest of the answer, within the attempt.</summary>
    Task ReadAsync(TResult result, CancellationToken cancellationToken);

    /// <summary>Judges an answer.</summary>
    Verdict Judge(TResult result, FailureClassifier classifier);

    /// <summary>Judges a failure.</summary>
    Verdict Judge(Exception exception, FailureClassifier classifier);

    /// <summary>Frees an answer that nobody will see.</summary>
    void Discard(TResult result);

    /// <summary>Tells the caller that the tiers ended the call: an answer, or a task that fails.</summary>
    Task<TResult> RefuseAsync(in Refusal refusal, Exception? cause);
}
