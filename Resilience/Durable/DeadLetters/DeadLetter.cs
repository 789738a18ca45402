using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResilientShop.Resilience.Durable;

/// <summary>
/// What is known of something that failed as often as it may, for people and programs that repair it. On the wire it is a JSON object with
/// snake_case names on topic <see cref="Topic"/>, keyed by the key of what failed, so letters of one key keep their order. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// A letter never takes more than about 730 kB, less than the megabyte that producers and brokers allow a message by default: payload, key
/// and texts are bounded.
/// </remarks>
public sealed record DeadLetter
{
    /// <summary>The Kafka topic of all dead letters.</summary>
    public const string Topic = "dlq.events.v1";

    /// <summary>Value of the header <c>message-type</c>.</summary>
    public const string MessageType = "DeadLetter";

    /// <summary>
    /// Value of <see cref="SchemaVersion"/> that this library writes. A field that is added does not change it; one that changes its meaning
    /// does.
    /// </summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>Most bytes of the original payload that a letter carries: 512 KiB.</summary>
    public const int MaxPayloadBytes = 512 * 1024;

    /// <summary>Most characters of <see cref="ErrorDetail"/> and of <see cref="Key"/>.</summary>
    public const int MaxTextLength = 4096;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // It is read by programs, never pasted into a page; the default would make six bytes of every quote in a payload.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Guid? _id;

    /// <summary>Version of the schema of this object.</summary>
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>
    /// Identifies the failure. Unless it is given it follows from <see cref="ServiceName"/>, <see cref="Operation"/>, <see cref="Source"/> and
    /// <see cref="ErrorCode"/>, so that the same failure of the same thing, met again, has the same identifier.
    /// </summary>
    public Guid Id
    {
        get => _id ?? DeadLetterId.Derive([ServiceName, Operation, ErrorCode, .. Source.Identity]);
        init => _id = value;
    }

    /// <summary>Who failed.</summary>
    public required string ServiceName { get; init; }

    /// <summary>What it was doing, for example <c>process orders.events.v1</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>Why, as a code to switch on. See <see cref="DeadLetterCodes"/>.</summary>
    public required string ErrorCode { get; init; }

    /// <summary>Why, for people. Cut after <see cref="MaxTextLength"/> characters.</summary>
    public required string ErrorDetail { get; init => field = BoundedText.Cut(value, MaxTextLength)!; }

    /// <summary>How often it was tried and failed before it was given up; 0 for what was not worth a second try.</summary>
    public required int RetryCount { get; init; }

    /// <summary>Key of what failed; empty when it has none. Cut after <see cref="MaxTextLength"/> characters.</summary>
    public required string Key { get; init => field = BoundedText.Cut(value, MaxTextLength)!; }

    /// <summary>Where it came from.</summary>
    public required DeadLetterSource Source { get; init; }

    /// <summary>The original payload, see <see cref="WithPayload"/>; null when there is none.</summary>
    public string? Payload { get; init; }

    /// <summary><c>utf-8</c> when <see cref="Payload"/> is the original text, <c>base64</c> when it stands for bytes.</summary>
    public string PayloadEncoding { get; init; } = PayloadText.Utf8Encoding;

    /// <summary>Whether the original was longer than <see cref="MaxPayloadBytes"/>, so that <see cref="Payload"/> is only its beginning.</summary>
    public bool PayloadTruncated { get; init; }

    /// <summary>Length of the original payload in bytes.</summary>
    public long PayloadBytes { get; init; }

    /// <summary>W3C trace context of what failed; null when it had none.</summary>
    public string? Traceparent { get; init; }

    /// <summary>When it was given up, in UTC.</summary>
    public required DateTimeOffset Time { get; init => field = value.ToUniversalTime(); }

    /// <summary>
    /// The same letter with a payload: as text where the bytes are UTF-8, else as base64, at most the first <see cref="MaxPayloadBytes"/> of it.
    /// </summary>
    public DeadLetter WithPayload(ReadOnlySpan<byte> payload)
    {
        var (text, encoding) = PayloadText.Encode(payload);
        return this with { Payload = text, PayloadEncoding = encoding, PayloadTruncated = payload.Length > MaxPayloadBytes, PayloadBytes = payload.Length };
    }

    /// <summary>The payload's bytes, as far as the letter carries them; null when there was none.</summary>
    /// <exception cref="FormatException"><see cref="Payload"/> is not what <see cref="PayloadEncoding"/> says.</exception>
    public byte[]? ReadPayload() => Payload is null ? null : PayloadText.Decode(Payload, PayloadEncoding);

    /// <summary>The letter as it is sent.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Reads a letter as it is sent. Fields it does not know are passed over.</summary>
    /// <exception cref="JsonException">It is no letter; the message names what is wrong.</exception>
    public static DeadLetter Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<DeadLetter>(json, Json) ?? throw new JsonException("The letter is null.");
}
