namespace ResilientShop.Resilience.Http;

/// <summary>
/// Reads an answer's body within its attempt, so that a body that stalls is a timeout like any other and not a caller that hangs. What is meant to be read
/// as it arrives is left alone.
/// </summary>
internal static class ResponseBody
{
    private static readonly Type Empty = EmptyType();

    public static bool IsWhole(HttpResponseMessage response, HttpRequestMessage request, int mostBytes)
    {
        var content = response.Content;
        if (IsEmpty(content) || content is ByteArrayContent or ReadOnlyMemoryContent || mostBytes == 0)
        {
            return true;
        }

        return content.Headers.ContentLength > mostBytes
            || content.Headers.ContentType?.MediaType is "text/event-stream"
            || HttpRequestFacts.IsStreamed(request);
    }

    /// <summary>Whether there is no body at all; its headers need not be asked, which would create them.</summary>
    public static bool IsEmpty(HttpContent content) => content.GetType() == Empty;

    /// <exception cref="HttpRequestException">The body did not announce its length and is larger than <paramref name="mostBytes"/>.</exception>
    public static async Task ReadAsync(HttpResponseMessage response, int mostBytes, CancellationToken cancellationToken)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(mostBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new HttpRequestException(
                HttpRequestError.ConfigurationLimitExceeded,
                $"The answer of {response.RequestMessage?.RequestUri} is larger than max_buffered_bytes, {mostBytes}, and does not announce its length. "
                + $"Raise max_buffered_bytes, or mark the request with {nameof(HttpRequestFacts.WithStreamedAnswer)}.",
                exception);
        }
    }

    private static Type EmptyType()
    {
        using var response = new HttpResponseMessage();
        return response.Content.GetType();
    }
}
