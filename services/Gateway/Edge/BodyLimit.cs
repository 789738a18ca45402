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
    // Up to here what a refused client still sends is read and thrown away (by Kestrel, for five seconds at most). A connection closed
    // under a client that is still sending shows it a broken pipe instead of the answer.
    private const long LargestDiscardedBytes = 64 * 1024 * 1024;

    public static void UseBodyLimit(this IApplicationBuilder pipeline) => pipeline.Use((context, next) =>
    {
        var feature = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var limit = feature?.MaxRequestBodySize;
        if (context.Request.ContentLength is not { } length || !(length > limit))
        {
            return next(context);
        }

        if (length <= LargestDiscardedBytes && feature is { IsReadOnly: false })
        {
            feature.MaxRequestBodySize = null;
        }

        return ProblemResults.Problem(
            StatusCodes.Status413PayloadTooLarge, ProblemCodes.BodyTooLarge, $"The body has {length} bytes; at most {limit} are read.").ExecuteAsync(context);
    });
}
