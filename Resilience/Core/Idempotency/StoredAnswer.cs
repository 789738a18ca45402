using System.Text.Json;

namespace ResilientShop.Resilience;

/// <summary>
/// An HTTP answer as it is kept and given again. Immutable, thread-safe. Two answers are equal when a caller could not tell them apart.
/// </summary>
public sealed class StoredAnswer : IEquatable<StoredAnswer>
{
    /// <summary>Longest body that can be kept, in bytes: 1 MiB. Answers to POSTs are small; a store is no file server.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    /// <summary>An answer.</summary>
    /// <param name="statusCode">HTTP status, 200 to 599.</param>
    /// <param name="contentType">Value of <c>Content-Type</c>; null when there is no body.</param>
    /// <param name="body">The bytes of the body. Not copied: they must not change any more.</param>
    /// <param name="headers">Further headers to keep, for example <c>Location</c>. A name with several values is there several times.</param>
    /// <exception cref="ArgumentOutOfRangeException">The status is none, or the body is longer than <see cref="MaxBodyBytes"/>.</exception>
    public StoredAnswer(
        int statusCode, string? contentType, ReadOnlyMemory<byte> body, params IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 599);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.Length, MaxBodyBytes, nameof(body));
        StatusCode = statusCode;
        ContentType = contentType;
        Body = body;
        Headers = headers;
    }

    /// <summary>HTTP status.</summary>
    public int StatusCode { get; }

    /// <summary>Value of <c>Content-Type</c>, or null.</summary>
    public string? ContentType { get; }

    /// <summary>Further headers; a name with several values is there several times.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The bytes of the body.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>An answer with a JSON body, in the format that ASP.NET Core gives by default (<see cref="JsonSerializerOptions.Web"/>).</summary>
    /// <param name="statusCode">HTTP status, 200 to 599.</param>
    /// <param name="value">What the body says.</param>
    /// <param name="headers">Further headers to keep.</param>
    public static StoredAnswer Json<T>(int statusCode, T value, params IReadOnlyList<KeyValuePair<string, string>> headers) =>
        new(statusCode, "application/json; charset=utf-8", JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web), headers);

    /// <inheritdoc/>
    public bool Equals(StoredAnswer? other) =>
        other is not null
        && StatusCode == other.StatusCode
        && ContentType == other.ContentType
        && Headers.SequenceEqual(other.Headers)
        && Body.Span.SequenceEqual(other.Body.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StoredAnswer);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(StatusCode, ContentType, Headers.Count, Body.Length);
}
