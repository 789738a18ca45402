using System.Globalization;

namespace ResilientShop.Resilience.Testing;

/// <summary>A request as it was when it was sent, whatever became of the message later. Immutable, thread-safe.</summary>
public sealed record RecordedRequest
{
    internal RecordedRequest(HttpRequestMessage message)
    {
        Method = message.Method;
        Uri = message.RequestUri;
        var headers = message.Content is { } content ? message.Headers.Concat(content.Headers) : message.Headers;
        Headers = headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The method.</summary>
    public HttpMethod Method { get; }

    /// <summary>The address.</summary>
    public Uri? Uri { get; }

    /// <summary>Headers of request and content; several values of one name are joined with ", ". Names in any case are found.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The body; empty without one.</summary>
    public ReadOnlyMemory<byte> Body { get; internal init; }

    /// <summary>
    /// The time that was left, from <see cref="ResilienceHeaders.DeadlineMs"/>; null without the header or when <see cref="Deadline.TryParse"/>
    /// would not accept it.
    /// </summary>
    public TimeSpan? TimeLeft =>
        Deadline.TryParse(Headers.GetValueOrDefault(ResilienceHeaders.DeadlineMs), TimeProvider.System, out _)
            ? TimeSpan.FromMilliseconds(int.Parse(Headers[ResilienceHeaders.DeadlineMs], CultureInfo.InvariantCulture))
            : null;

    /// <summary>The number in <see cref="ResilienceHeaders.RetryAttempt"/>; 0 without the header, null when it is no number.</summary>
    public int? RetryAttempt =>
        !Headers.TryGetValue(ResilienceHeaders.RetryAttempt, out var text) ? 0
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : null;

    /// <summary>The <see cref="ResilienceHeaders.IdempotencyKey"/>; null without one.</summary>
    public string? IdempotencyKey => Headers.GetValueOrDefault(ResilienceHeaders.IdempotencyKey);
}
