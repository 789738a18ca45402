using System.Net;

namespace ResilientShop.Resilience.Http;

/// <summary>What the pipeline needs to know of HTTP.</summary>
internal readonly struct HttpCall(TierHandler handler, HttpRequestMessage request) : ITieredCall<HttpResponseMessage>
{
    public Idempotency Idempotency => HttpRequestFacts.IdempotencyOf(request);

    public bool CanRepeat => HttpRequestFacts.CanRepeat(request);

    private DependencyPolicy Policy => handler.Dependency.Policy;

    public Task<HttpResponseMessage> StartAsync(in Attempt attempt, CancellationToken cancellationToken)
    {
        if (Policy.PropagatesContext)
        {
            ContextHeaders.Write(request.Headers, attempt);
        }
        else if (handler.IsProxy)
        {
            ContextHeaders.WriteTrial(request.Headers, attempt);
        }

        return handler.SendOnceAsync(request, cancellationToken);
    }

    public bool IsWhole(HttpResponseMessage result) => ResponseBody.IsWhole(result, request, Policy.MaxBufferedBytes);

    public Task ReadAsync(HttpResponseMessage result, CancellationToken cancellationToken) =>
        ResponseBody.ReadAsync(result, Policy.MaxBufferedBytes, cancellationToken);

    public Verdict Judge(HttpResponseMessage result, FailureClassifier classifier)
    {
        if (result.IsSuccessStatusCode)
        {
            return Verdict.Success;
        }

        var verdict = classifier.OfHttpStatus((int)result.StatusCode, IsRefusal(result) ? ServiceDegradation.RefusalCode : ProblemCode.Read(result.Content));
        return verdict.IsTransient ? verdict with { RetryAfter = RetryAfter(result) } : verdict;
    }

    public Verdict Judge(Exception exception, FailureClassifier classifier) => classifier.OfException(exception);

    public void Discard(HttpResponseMessage result) => result.Dispose();

    public Task<HttpResponseMessage> RefuseAsync(in Refusal refusal, Exception? cause) => Policy.Refusals == RefusalMode.Throw
        ? Task.FromException<HttpResponseMessage>(refusal.ToException(cause))
        : Task.FromResult<HttpResponseMessage>(RefusalResponse.Create(refusal, request));

    /// <summary>By its header: its body may not be in memory.</summary>
    private static bool IsRefusal(HttpResponseMessage result) => result.StatusCode == HttpStatusCode.ServiceUnavailable
        && result.Headers.TryGetValues(ResilienceHeaders.Degraded, out var modes) && modes.Contains(ServiceDegradation.RefusalMode);

    private TimeSpan? RetryAfter(HttpResponseMessage result)
    {
        var asked = result.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - handler.Dependency.Time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return asked < TimeSpan.Zero ? TimeSpan.Zero : asked;
    }
}
