using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>Tells a caller, in its own protocol, that its time is over.</summary>
internal static class DeadlineRefusal
{
    public static Task WriteAsync(HttpContext http, string detail)
    {
        // The length of the answer that will not come.
        http.Response.ContentLength = null;
        if (!IncomingContext.IsGrpc(http.Request))
        {
            return TypedResults.Problem(
                detail,
                statusCode: StatusCodes.Status504GatewayTimeout,
                title: "Gateway Timeout",
                extensions: new Dictionary<string, object?> { ["code"] = CallContextMiddleware.Code }).ExecuteAsync(http);
        }

        // A gRPC answer that is trailers only: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses.
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = GrpcCode.DeadlineExceeded.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString(detail);
        return http.Response.CompleteAsync();
    }
}
