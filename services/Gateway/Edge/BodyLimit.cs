using Microsoft.AspNetCore.Http.Features;
using ResilientShop.Contracts;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Gateway.Edge;

/// <summary>
/// Refuses a body that announces itself as too large before any service hears of it. One that does not announce its size is cut off by the
/// server while it is forwarded, with the same answer.
/// </summary>
internal static class BodyLimit
{
    public static void UseBodyLimit(this IApplicationBuilder pipeline) => pipeline.Use((context, next) =>
    {
        var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        return context.Request.ContentLength > limit
            ? ProblemResults.Problem(
                StatusCodes.Status413PayloadTooLarge,
                ProblemCodes.BodyTooLarge,
                $"The body has {context.Request.ContentLength} bytes; at most {limit} are read.").ExecuteAsync(context)
            : next(context);
    });
}
