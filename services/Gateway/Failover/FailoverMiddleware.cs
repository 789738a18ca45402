using Microsoft.AspNetCore.Http.Features;
using ResilientShop.Gateway.Deadlines;
using Yarp.ReverseProxy.Forwarder;

namespace ResilientShop.Gateway.Failover;

/// <summary>
/// Sends a request that could not connect to one instance to the next one, each at most once and within the deadline. Safe for every method:
/// the request never left. Everything else that can go wrong is left to the caller and to the tiers.
/// </summary>
internal sealed class FailoverMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var proxy = context.GetReverseProxyFeature();
        var deadline = context.Features.GetRequiredFeature<DeadlineFeature>().Deadline;
        var untried = proxy.AvailableDestinations.ToList();
        while (true)
        {
            await next(context);
            if (!ConnectFailure.Is(context.Features.Get<IForwarderErrorFeature>()) || context.Response.HasStarted)
            {
                return;
            }

            untried.Remove(proxy.ProxiedDestination!);
            if (untried.Count == 0 || deadline.HasExpired || context.RequestAborted.IsCancellationRequested)
            {
                return;
            }

            // As if the first instance had never been asked.
            context.Features.Set<IForwarderErrorFeature>(null);
            context.Response.StatusCode = StatusCodes.Status200OK;
            proxy.AvailableDestinations = [.. untried];
        }
    }
}
