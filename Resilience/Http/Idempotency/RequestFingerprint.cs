using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ResilientShop.Resilience.Http;

/// <summary>What tells one request from another.</summary>
internal static class RequestFingerprint
{
    private const int ChunkBytes = 16 * 1024;

    /// <summary>
    /// The key within its scope: method, route pattern and caller. The pattern, not the path: a key that is used for two resources of one kind
    /// is a defect of the caller and gets a mismatch. Not the host, which differs between the ways to one service.
    /// </summary>
    public static Sha256Digest Identify(HttpContext context, Endpoint endpoint, string key, Func<HttpContext, string?> caller)
    {
        var route = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? context.Request.Path.Value;
        return IdempotencyKey.Identify($"{context.Request.Method} {route}", caller(context), key);
    }

    /// <summary>
    /// SHA-256 over method, path, query, content type and body, which is buffered and rewound for the handler.
    /// </summary>
    /// <returns>Null when the body is longer than <paramref name="maxBytes"/>.</returns>
    /// <exception cref="BadHttpRequestException">The server refuses the body.</exception>
    public static async Task<Sha256Digest?> HashAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return null;
        }

        using var digest = new DigestWriter();
        digest.Text(request.Method).Text(request.PathBase + request.Path).Text(request.QueryString.Value).Text(request.ContentType);
        request.EnableBuffering();
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            long total = 0;
            for (int read; (read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0;)
            {
                total += read;
                if (total > maxBytes)
                {
                    return null;
                }

                digest.LastBytes(chunk.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk, clearArray: true);
        }

        request.Body.Position = 0;
        return digest.Finish();
    }
}
