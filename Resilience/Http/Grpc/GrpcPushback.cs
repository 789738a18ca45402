using System.Globalization;
using Grpc.Core;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// How a gRPC answer asks its caller to wait: trailer <c>grpc-retry-pushback-ms</c> (gRFC A6, "Pushback"). The tiers honour it, and send it when a breaker
/// refuses.
/// </summary>
public static class GrpcPushback
{
    /// <summary>Name of the trailer.</summary>
    public const string Trailer = "grpc-retry-pushback-ms";

    /// <summary>The time to wait, or null when <paramref name="exception"/> asks for none.</summary>
    public static TimeSpan? Of(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return int.TryParse(exception.Trailers.GetValue(Trailer), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }

    internal static Metadata Trailers(in Refusal refusal)
    {
        var trailers = new Metadata { { "code", refusal.Code } };
        if (refusal.RetryAfter is { } wait)
        {
            trailers.Add(Trailer, ((int)Math.Min(wait.TotalMilliseconds, int.MaxValue)).ToString(CultureInfo.InvariantCulture));
        }

        return trailers;
    }
}
