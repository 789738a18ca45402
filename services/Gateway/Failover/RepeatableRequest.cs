using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Hosting;

namespace ResilientShop.Gateway.Failover;

/// <summary>Keeps the body of a request that may be sent to a second instance.</summary>
internal static class RepeatableRequest
{
    /// <summary>
    /// Whether the request may arrive twice: its method says so, or it carries an idempotency key. The body of such a request is kept in memory while it is
    /// forwarded; it is no larger than what a service reads.
    /// </summary>
    public static bool Prepare(HttpContext context)
    {
        var request = context.Request;
        var idempotency = HttpRequestFacts.IdempotencyOf(request.Method.ToUpperInvariant());
        var isRepeatable = idempotency != Idempotency.NotIdempotent || request.Headers.ContainsKey(ResilienceHeaders.IdempotencyKey);
        if (isRepeatable && !HttpMethods.IsGet(request.Method))
        {
            request.EnableBuffering((int)Listening.MaxRequestBodyBytes);
        }

        return isRepeatable;
    }

    /// <summary>Lets the body be read once more.</summary>
    public static void Rewind(HttpContext context)
    {
        if (context.Request.Body.CanSeek)
        {
            context.Request.Body.Position = 0;
        }
    }
}
