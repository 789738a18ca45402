using Grpc.Core;

namespace ResilientShop.Resilience.Http;

/// <summary>What the pipeline needs to know of a unary gRPC call.</summary>
internal readonly struct UnaryCall<TRequest, TResponse>(UnarySending<TRequest, TResponse> sending) : ITieredCall<TResponse>
    where TRequest : class
    where TResponse : class
{
    public Idempotency Idempotency => sending.Idempotency;

    public bool CanRepeat => true;

    public Task<TResponse> StartAsync(in Attempt attempt, CancellationToken cancellationToken) => sending.SendAsync(attempt, cancellationToken);

    public bool IsWhole(TResponse result) => true;

    public Task ReadAsync(TResponse result, CancellationToken cancellationToken) => Task.CompletedTask;

    public Verdict Judge(TResponse result, FailureClassifier classifier) => Verdict.Success;

    public Verdict Judge(Exception exception, FailureClassifier classifier) => exception is RpcException failure
        ? classifier.OfGrpcStatus((int)failure.StatusCode, CodeOf(failure.Trailers), failure.Status.DebugException) with { RetryAfter = GrpcPushback.Of(failure) }
        : classifier.OfException(exception);

    public void Discard(TResponse result)
    {
        // A message holds nothing that must be freed.
    }

    /// <summary>A broken service that refuses says so in a header; what is answered without a message has its headers among its trailers.</summary>
    private static string? CodeOf(Metadata trailers) =>
        trailers.GetValue(ResilienceHeaders.Degraded) == ServiceDegradation.RefusalMode ? ServiceDegradation.RefusalCode : trailers.GetValue("code");

    public Task<TResponse> RefuseAsync(in Refusal refusal, Exception? cause) => Task.FromException<TResponse>(sending.Refuse(refusal, cause));
}
