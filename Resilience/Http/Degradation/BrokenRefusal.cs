using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>Tells a caller, in its own protocol, that the service serves only part of its traffic now, and when to come again.</summary>
internal static class BrokenRefusal
{
    private const string Detail = "The service was taken out of the way of its traffic because it is slow and fails; nothing was done.";

    public static Task WriteAsync(HttpContext http, RequestDegradation request, TimeSpan retryAfter)
    {
        request.Say(ServiceDegradation.RefusalMode);
        if (!IncomingContext.IsGrpc(http.Request))
        {
            http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            return TypedResults.Problem(
                Detail,
                statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "Service Unavailable",
                extensions: new Dictionary<string, object?> { ["code"] = ServiceDegradation.RefusalCode }).ExecuteAsync(http);
        }

        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = GrpcCode.Unavailable.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString(Detail);
        return http.Response.CompleteAsync();
    }
}
