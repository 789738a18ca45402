using Microsoft.AspNetCore.Http.Features;
using ResilientShop.Resilience;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace ResilientShop.Gateway.Deadlines;

/// <summary>Tells the service how much time is left, anew for each attempt.</summary>
internal sealed class DeadlineTransform : ITransformProvider
{
    public void ValidateRoute(TransformRouteValidationContext context)
    {
        // RouteDeadline has seen the route before.
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
        // A cluster has no deadline.
    }

    public void Apply(TransformBuilderContext context) => context.AddRequestTransform(request =>
    {
        var left = request.HttpContext.Features.GetRequiredFeature<DeadlineFeature>().Deadline.ToHeaderValue();
        request.ProxyRequest.Headers.Add(ResilienceHeaders.DeadlineMs, left);
        return ValueTask.CompletedTask;
    });
}
