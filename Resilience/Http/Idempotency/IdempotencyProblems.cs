using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>The RFC 9457 answers of the middleware itself.</summary>
internal static class IdempotencyProblems
{
    private const string CodeMember = "code";

    public static Task KeyNotValidAsync(HttpContext context, string wrong) => WriteAsync(
        context,
        StatusCodes.Status400BadRequest,
        IdempotencyCodes.ValidationFailed,
        "One field is not valid.",
        KeyValuePair.Create<string, object?>("errors", new Dictionary<string, string[]>(StringComparer.Ordinal)
        {
            [ResilienceHeaders.IdempotencyKey] = [$"{ResilienceHeaders.IdempotencyKey} {wrong}"],
        }));

    public static Task BodyTooLargeAsync(HttpContext context, int maxBytes) => WriteAsync(
        context,
        StatusCodes.Status413PayloadTooLarge,
        IdempotencyCodes.BodyTooLarge,
        string.Create(CultureInfo.InvariantCulture, $"The body is larger than the {maxBytes} bytes that an idempotent endpoint reads."));

    public static Task KeyReusedAsync(HttpContext context) => WriteAsync(
        context,
        StatusCodes.Status422UnprocessableEntity,
        IdempotencyCodes.KeyReused,
        $"The {ResilienceHeaders.IdempotencyKey} was used before with another request. Use a new key for a new request.");

    public static Task InProgressAsync(HttpContext context, TimeSpan retryAfter)
    {
        var seconds = (long)Math.Max(1, Math.Ceiling(retryAfter.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return WriteAsync(
            context,
            StatusCodes.Status409Conflict,
            IdempotencyCodes.InProgress,
            $"A request with this {ResilienceHeaders.IdempotencyKey} is under way. Send it again later for its answer.");
    }

    /// <summary>What is kept instead of an answer that is too large.</summary>
    public static StoredAnswer AnswerNotKept(int status, long length, string? location)
    {
        var detail = string.Create(
            CultureInfo.InvariantCulture,
            $"The request was carried out before and answered with {status}, but the {length} bytes of that answer were too many to be kept. Read the resource instead.");
        var problem = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["type"] = "https://tools.ietf.org/html/rfc9110#section-15.5.10",
            ["title"] = "Conflict",
            ["status"] = StatusCodes.Status409Conflict,
            ["detail"] = detail,
            [CodeMember] = IdempotencyCodes.AnswerNotKept,
        };
        return new StoredAnswer(
            StatusCodes.Status409Conflict,
            "application/problem+json",
            JsonSerializer.SerializeToUtf8Bytes(problem),
            location is null ? [] : [KeyValuePair.Create("Location", location)]);
    }

    private static Task WriteAsync(
        HttpContext context, int status, string code, string detail, params ReadOnlySpan<KeyValuePair<string, object?>> members)
    {
        var extensions = new Dictionary<string, object?>(StringComparer.Ordinal) { [CodeMember] = code };
        foreach (var (name, value) in members)
        {
            extensions[name] = value;
        }

        return TypedResults.Problem(detail, statusCode: status, extensions: extensions).ExecuteAsync(context);
    }
}
