using System.Text.Json;

namespace ResilientShop.Resilience.Http;

/// <summary>Reads the member <c>code</c> of problem details (RFC 9457) that are already in memory.</summary>
internal static class ProblemCode
{
    private const int LongestBody = 64 * 1024;

    /// <returns>The code, or null when the content is something else.</returns>
    public static string? Read(HttpContent content)
    {
        if (ResponseBody.IsEmpty(content)
            || content.Headers.ContentType?.MediaType is not ("application/problem+json" or "application/json")
            || content.Headers.ContentLength is null or > LongestBody or 0)
        {
            return null;
        }

        try
        {
            // It is in memory, because the attempt has read it. The stream stays with the content: the caller is handed the same one, from its start.
            return content.ReadAsStream(CancellationToken.None) is MemoryStream body ? Find(body) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Find(MemoryStream memory)
    {
        var bytes = memory.TryGetBuffer(out var buffer) ? buffer.AsSpan() : memory.ToArray();
        var reader = new Utf8JsonReader(bytes);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isCode = reader.ValueTextEquals("code"u8);
            reader.Read();
            if (isCode)
            {
                return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }

            reader.Skip();
        }

        return null;
    }
}
