using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace ResilientShop.Resilience.Http;

/// <summary>What a request tells about itself, and what its sender says of it.</summary>
public static class HttpRequestFacts
{
    private static readonly HttpRequestOptionsKey<Idempotency> IdempotencyKey = new("ResilientShop.Idempotency");
    private static readonly HttpRequestOptionsKey<bool> RepeatableKey = new("ResilientShop.Repeatable");
    private static readonly HttpRequestOptionsKey<bool> StreamingKey = new("ResilientShop.Streaming");

    // Looking into a request's options creates them. A process in which nobody says anything of its requests does not pay for that.
    private static volatile bool s_isUsed;

    /// <summary>Says what happens when this request arrives twice, where its method and headers do not tell.</summary>
    /// <returns><paramref name="request"/>, for chaining.</returns>
    public static HttpRequestMessage WithIdempotency(this HttpRequestMessage request, Idempotency idempotency)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(IdempotencyKey, idempotency);
        s_isUsed = true;
        return request;
    }

    /// <summary>Says that the body, whose type does not tell, can be sent more than once.</summary>
    /// <returns><paramref name="request"/>, for chaining.</returns>
    public static HttpRequestMessage WithRepeatableBody(this HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(RepeatableKey, true);
        s_isUsed = true;
        return request;
    }

    /// <summary>Says that the answer is read as it arrives: the attempt ends with its headers.</summary>
    /// <returns><paramref name="request"/>, for chaining.</returns>
    public static HttpRequestMessage WithStreamedAnswer(this HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(StreamingKey, true);
        s_isUsed = true;
        return request;
    }

    /// <summary>What RFC 9110, 9.2, says of a method, in upper case; a request may still carry an <c>Idempotency-Key</c>.</summary>
    public static Idempotency IdempotencyOf(string method) => method switch
    {
        "GET" or "HEAD" or "OPTIONS" or "TRACE" or "QUERY" => Idempotency.Safe,
        "PUT" or "DELETE" => Idempotency.Idempotent,
        _ => Idempotency.NotIdempotent,
    };

    /// <summary>From what the sender says, else the method (RFC 9110, 9.2), else the presence of an <c>Idempotency-Key</c>.</summary>
    internal static Idempotency IdempotencyOf(HttpRequestMessage request)
    {
        if (TryGet(request, IdempotencyKey, out var said))
        {
            return said;
        }

        var declared = IdempotencyOf(request.Method.Method);
        return declared == Idempotency.NotIdempotent && request.Headers.NonValidated.Contains(ResilienceHeaders.IdempotencyKey) ? Idempotency.Idempotent : declared;
    }

    /// <summary>Whether the body can be sent again: there is none, it is in memory, or the sender says so.</summary>
    internal static bool CanRepeat(HttpRequestMessage request) =>
        CanRepeat(request.Content) || (TryGet(request, RepeatableKey, out var said) && said);

    internal static bool IsStreamed(HttpRequestMessage request) => TryGet(request, StreamingKey, out var said) && said;

    internal static bool IsGrpc(HttpRequestMessage request) =>
        request.Content is { } content && request.Version.Major >= 2 && IsGrpc(content.Headers.ContentType);

    internal static bool IsGrpc(MediaTypeHeaderValue? type) => type?.MediaType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    private static bool TryGet<T>(HttpRequestMessage request, HttpRequestOptionsKey<T> key, out T? value)
    {
        value = default;
        return s_isUsed && request.Options.TryGetValue(key, out value);
    }

    private static bool CanRepeat(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent or JsonContent => true,
        MultipartContent parts => parts.All(CanRepeat),
        _ => false,
    };
}
