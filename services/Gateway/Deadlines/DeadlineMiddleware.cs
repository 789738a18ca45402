using Microsoft.Extensions.Options;
using ResilientShop.Contracts;
using ResilientShop.Resilience;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Gateway.Deadlines;

/// <summary>
/// Starts the deadline of a request and ends the request when it has passed: what is under way for it is cancelled, and the client gets
/// 504 DEADLINE_EXCEEDED.
/// </summary>
internal sealed class DeadlineMiddleware(RequestDelegate next, IOptions<GatewayOptions> options, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var call = CallContext.Current;
        var sla = RouteDeadline.Of(context.GetRouteModel().Config, call.Policies);
        context.Features.Set(new DeadlineFeature(Deadline.After(sla, time)));
        using var scope = CallContext.Use(call with { Route = context.GetRouteModel().Config.RouteId });

        var client = context.RequestAborted;
        using var overtime = new CancellationTokenSource(sla + options.Value.DeadlineGrace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(client, overtime.Token);
        context.RequestAborted = either.Token;
        try
        {
            await next(context);
        }
        finally
        {
            context.RequestAborted = client;
        }

        if (overtime.IsCancellationRequested && !client.IsCancellationRequested && !context.Response.HasStarted)
        {
            await ProblemResults.Problem(
                StatusCodes.Status504GatewayTimeout,
                ProblemCodes.DeadlineExceeded,
                $"There was no answer within {sla.TotalMilliseconds:0} ms; whether the request had an effect is open. Repeat it with the same Idempotency-Key, or look.")
                .ExecuteAsync(context);
        }
    }
}
