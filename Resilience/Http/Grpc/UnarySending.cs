using System.Globalization;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ResilientShop.Resilience.Http;

/// <summary>A unary call on its way: what to send, and the attempt that is under way. One call owns it.</summary>
internal sealed class UnarySending<TRequest, TResponse>(
    Dependency dependency,
    Idempotency idempotency,
    TRequest request,
    ClientInterceptorContext<TRequest, TResponse> context,
    Interceptor.AsyncUnaryCallContinuation<TRequest, TResponse> continuation) : IDisposable
    where TRequest : class
    where TResponse : class
{
    private readonly CancellationTokenSource _givenUp = CancellationTokenSource.CreateLinkedTokenSource(context.Options.CancellationToken);
    private AsyncUnaryCall<TResponse>? _attempt;
    private RpcException? _refusal;

    public Dependency Dependency => dependency;

    public Idempotency Idempotency => idempotency;

    /// <summary>Fires when the caller gives up or disposes the call.</summary>
    public CancellationToken CancellationToken => _givenUp.Token;

    /// <summary>The deadline that the caller gave to this call.</summary>
    public Deadline Deadline { get; } = context.Options.Deadline is { } at && at != DateTime.MaxValue
        ? Resilience.Deadline.After(Positive(at - dependency.Time.GetUtcNow().UtcDateTime), dependency.Time)
        : Resilience.Deadline.None;

    /// <summary>Makes the call and lets go of the caller's token when it has ended: hardly anybody disposes a unary call.</summary>
    public async Task<TResponse> RunAsync()
    {
        using (_givenUp)
        {
            return await TierPipeline.ExecuteAsync<UnaryCall<TRequest, TResponse>, TResponse>(
                dependency, new UnaryCall<TRequest, TResponse>(this), Deadline, _givenUp.Token).ConfigureAwait(false);
        }
    }

    public Task<TResponse> SendAsync(in Attempt attempt, CancellationToken cancellationToken)
    {
        _attempt?.Dispose();

        // grpc-timeout is how gRPC tells the time that is left.
        var options = context.Options.WithCancellationToken(cancellationToken).WithDeadline(DateTime.UtcNow + attempt.Timeout);
        if (dependency.Policy.PropagatesContext)
        {
            options = options.WithHeaders(Headers(attempt));
        }

        _attempt = continuation(request, new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, options));
        return _attempt.ResponseAsync;
    }

    public RpcException Refuse(in Refusal refusal, Exception? cause)
    {
        var status = refusal.Kind switch
        {
            RefusalKind.BreakerOpen => StatusCode.Unavailable,
            RefusalKind.RetryBudgetExhausted => StatusCode.ResourceExhausted,
            _ => StatusCode.DeadlineExceeded,
        };
        return _refusal = new RpcException(new Status(status, $"{refusal.Code}: {refusal.Describe()}", refusal.ToException(cause)), GrpcPushback.Trailers(refusal));
    }

    public AsyncUnaryCall<TResponse> AsCall(Task<TResponse> response) => new(
        response,
        static sending => Self(sending).HeadersAsync(),
        static sending => Self(sending).Status(),
        static sending => Self(sending).Trailers(),
        static sending => Self(sending).Dispose(),
        this);

    public void Dispose()
    {
        try
        {
            _givenUp.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It had ended; there was nothing to give up.
        }

        _attempt?.Dispose();
    }

    private static UnarySending<TRequest, TResponse> Self(object sending) => (UnarySending<TRequest, TResponse>)sending;

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;

    private Metadata Headers(in Attempt attempt)
    {
        var headers = new Metadata();
        foreach (var entry in context.Options.Headers ?? [])
        {
            headers.Add(entry);
        }

        if (attempt.AnnouncedNumber > 0)
        {
            headers.Add(ResilienceHeaders.RetryAttempt, attempt.AnnouncedNumber.ToString(CultureInfo.InvariantCulture));
        }

        if (CallContext.Current.Channel == ReleaseChannel.Canary)
        {
            headers.Add(ResilienceHeaders.ReleaseChannel.ToLowerInvariant(), ReleaseChannel.Canary.ToName());
        }

        if (attempt.IsTrial)
        {
            headers.Add(ResilienceHeaders.RecoveryTrial, ResilienceHeaders.RecoveryTrialValue);
        }

        return headers;
    }

    private Task<Metadata> HeadersAsync() => _attempt?.ResponseHeadersAsync ?? Task.FromResult(new Metadata());

    private Status Status() => _refusal?.Status ?? _attempt?.GetStatus() ?? throw new InvalidOperationException("The call has not ended.");

    private Metadata Trailers() => _refusal?.Trailers ?? _attempt?.GetTrailers() ?? [];
}
