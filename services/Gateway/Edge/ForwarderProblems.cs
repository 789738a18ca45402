using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Gateway.Failover;
using ResilientShop.ServiceDefaults.Hosting;
using ResilientShop.ServiceDefaults.Problems;
using Yarp.ReverseProxy.Forwarder;

namespace ResilientShop.Gateway.Edge;

/// <summary>Gives a body with a <c>code</c> to requests that the proxy could not forward. Answers of services pass as they are.</summary>
internal static class ForwarderProblems
{
    public static void UseForwarderProblems(this IApplicationBuilder pipeline) => pipeline.Use(async (context, next) =>
    {
        await next(context);
        if (context.Features.Get<IForwarderErrorFeature>() is { } error && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await Describe(context, error).ExecuteAsync(context);
        }
    });

    private static ProblemHttpResult Describe(HttpContext context, IForwarderErrorFeature error)
    {
        var service = context.GetReverseProxyFeature().Cluster.Config.ClusterId;
        return error.Error switch
        {
            ForwarderError.RequestBodyClient when context.Response.StatusCode == StatusCodes.Status413PayloadTooLarge => ProblemResults.Problem(
                StatusCodes.Status413PayloadTooLarge,
                ProblemCodes.BodyTooLarge,
                $"The body is larger than {Listening.MaxRequestBodyBytes} bytes."),
            ForwarderError.RequestBodyClient => ProblemResults.Problem(
                StatusCodes.Status400BadRequest,
                ProblemCodes.MalformedBody,
                "The body ended before its announced length."),
            ForwarderError.NoAvailableDestinations => Unavailable($"No instance of {service} is known."),
            ForwarderError.Request when ConnectFailure.Is(error) => Unavailable($"No instance of {service} can be reached; the request had no effect."),
            _ => Unavailable($"{service} broke off; whether the request had an effect is open. Repeat it with the same Idempotency-Key, or look."),
        };
    }

    private static ProblemHttpResult Unavailable(string detail) =>
        ProblemResults.Problem(StatusCodes.Status503ServiceUnavailable, ProblemCodes.ServiceUnavailable, detail);
}
