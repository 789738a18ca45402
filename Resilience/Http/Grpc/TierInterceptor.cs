using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Tiers L1 and L2 for the unary calls of a gRPC client. A streaming call runs under the deadline and is told of it, but is never repeated: what has been
/// streamed cannot be taken back. Thread-safe.
/// </summary>
internal sealed class TierInterceptor(Dependency dependency, GrpcMethods methods) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var sending = new UnarySending<TRequest, TResponse>(dependency, methods.Of(context.Method.Name, context.Options.Headers), request, context, continuation);
        return sending.AsCall(sending.RunAsync());
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation) =>
        throw new NotSupportedException($"The client of {dependency.Name} waits without blocking threads: use {context.Method.Name}Async.");

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, WithDeadline(context));

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(WithDeadline(context));

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(WithDeadline(context));

    private static ClientInterceptorContext<TRequest, TResponse> WithDeadline<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        var ambient = Deadline.Current;
        if (ambient.IsNone || context.Options.Deadline is not null)
        {
            return context;
        }

        return new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithDeadline(DateTime.UtcNow + ambient.Remaining));
    }
}
