using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using ResilientShop.Gateway.Deadlines;
using ResilientShop.Resilience;
using Yarp.ReverseProxy.Forwarder;

namespace ResilientShop.Gateway.Failover;

/// <summary>
/// Sends a request that got no answer from one instance to the next one, each at most once and within the deadline: always when it certainly never reached
/// the first, and after that only when it may arrive twice. The second kind is a retry: it says so, and the cluster's retry budget pays for it.
/// </summary>
internal sealed class FailoverMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var proxy = context.GetReverseProxyFeature();
        var deadline = context.Features.GetRequiredFeature<DeadlineFeature>().Deadline;
        var untried = proxy.AvailableDestinations.ToList();
        var isRepeatable = RepeatableRequest.Prepare(context);
        var retries = 0;
        while (true)
        {
            await SendAsync(context, retries, hasAlternative: untried.Count > 1);
            var error = context.Features.Get<IForwarderErrorFeature>();
            if (error is null || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested || deadline.HasExpired)
            {
                return;
            }

            var neverSent = ConnectFailure.Is(error);
            untried.Remove(proxy.ProxiedDestination!);
            if (untried.Count == 0 || !(neverSent || (isRepeatable && LostAnswer.Is(error))))
            {
                return;
            }

            // As if the first instance had never been asked, but for the number of the attempt.
            retries += neverSent ? 0 : 1;
            context.Features.Set<IForwarderErrorFeature>(null);
            context.Response.StatusCode = StatusCodes.Status200OK;
            RepeatableRequest.Rewind(context);
            proxy.AvailableDestinations = [.. untried];
        }
    }

    private async Task SendAsync(HttpContext context, int retries, bool hasAlternative)
    {
        var current = CallContext.Current;
        if (retries == 0 && hasAlternative == current.HasAlternative)
        {
            await next(context);
            return;
        }

        using var scope = CallContext.Use(current with { CallerAttempt = retries > 0 ? retries : current.CallerAttempt, HasAlternative = hasAlternative });
        if (retries > 0)
        {
            context.Request.Headers[ResilienceHeaders.RetryAttempt] = retries.ToString(CultureInfo.InvariantCulture);
        }

        await next(context);
    }
}
