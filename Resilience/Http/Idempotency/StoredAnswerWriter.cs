using Microsoft.AspNetCore.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>Sends stored answers.</summary>
internal static class StoredAnswerWriter
{
    /// <summary>Sends the whole answer.</summary>
    public static Task SendAsync(HttpResponse response, StoredAnswer answer, CancellationToken cancellationToken)
    {
        response.StatusCode = answer.StatusCode;
        response.ContentType = answer.ContentType;
        response.ContentLength = null;
        foreach (var name in answer.Headers.Select(header => header.Key).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            response.Headers.Remove(name);
        }

        foreach (var (name, value) in answer.Headers)
        {
            response.Headers.Append(name, value);
        }

        return SendBodyAsync(response, answer, cancellationToken);
    }

    /// <summary>Sends the body under the status and headers that the handler set, which are those of the answer.</summary>
    public static async Task SendBodyAsync(HttpResponse response, StoredAnswer answer, CancellationToken cancellationToken)
    {
        // Without a body the length is left to the server, which knows the statuses that must not have one.
        if (answer.Body.Length > 0)
        {
            response.ContentLength = answer.Body.Length;
            await response.Body.WriteAsync(answer.Body, cancellationToken);
        }
    }
}
