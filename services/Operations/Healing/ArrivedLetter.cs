using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing;

/// <summary>A dead letter and the bytes it came as. Immutable.</summary>
/// <param name="Letter">What it says.</param>
/// <param name="Bytes">The letter as it came, fields included that this version does not know.</param>
internal sealed record ArrivedLetter(DeadLetter Letter, byte[] Bytes)
{
    /// <summary>Names longer than this are no names.</summary>
    private const int LongestName = 200;

    private const int FirstYear = 1970;
    private const int LastYear = 2999;

    /// <summary>
    /// The same for failures of one cause: who failed, at what, why, and with what. Two messages of one topic are two causes, and so are two sagas: what heals one need not heal
    /// the other. What has no key is a cause of its own.
    /// </summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        JsonSerializer.Serialize(new[] { Letter.ServiceName, Letter.Operation, Letter.ErrorCode, Letter.Key.Length > 0 ? Letter.Key : Letter.Source.MessageId ?? "" }))).AsSpan(0, 16));

    /// <summary>Reads a letter.</summary>
    /// <exception cref="JsonException">It is none, or one of a later version; the message names field, value and what would be right.</exception>
    public static ArrivedLetter Parse(ReadOnlySpan<byte> payload)
    {
        var letter = DeadLetter.Parse(payload);
        return letter switch
        {
            { Source: null } => throw new JsonException("source is null; it must say which message or saga failed."),
            { Key: null } => throw new JsonException("key is null; it must be a text, empty where there is no key."),
            { ErrorDetail: null } => throw new JsonException("error_detail is null; it must be a text."),
            { SchemaVersion: var version } when version is < 1 or > DeadLetter.CurrentSchemaVersion =>
                throw new JsonException($"schema_version is {version}; it must be {DeadLetter.CurrentSchemaVersion}, or a later service must read it."),
            { Id: var id } when id == Guid.Empty => throw new JsonException("id is empty; it must be a UUID that is not all zeros."),
            { RetryCount: < 0 and var count } => throw new JsonException($"retry_count is {count}; it must be 0 or more."),
            { Source.Kind: var kind } when kind is not (DeadLetterSource.MessageKind or DeadLetterSource.SagaKind) =>
                throw new JsonException($"source.kind is '{kind}'; it must be {DeadLetterSource.MessageKind} or {DeadLetterSource.SagaKind}."),
            { Source: { Kind: DeadLetterSource.MessageKind } source } when string.IsNullOrEmpty(source.Topic) || string.IsNullOrEmpty(source.MessageId) =>
                throw new JsonException("source.topic and source.message_id must say which message it was."),
            { PayloadEncoding: not ("utf-8" or "base64") and var encoding } => throw new JsonException($"payload_encoding is '{encoding}'; it must be utf-8 or base64."),
            { Time.Year: < FirstYear or > LastYear } => throw new JsonException($"time is {letter.Time:O}; it must be from {FirstYear} to {LastYear}."),
            { Source: { Kind: DeadLetterSource.SagaKind, SagaId: null } } => throw new JsonException("source.saga_id is missing; it must be a UUID."),
            _ => new ArrivedLetter(Readable(Named(letter)), payload.ToArray()),
        };
    }

    /// <summary>What is sent again, or joined, must be possible to send.</summary>
    private static DeadLetter Readable(DeadLetter letter)
    {
        Require("traceparent", letter.Traceparent);
        Require("source.topic", letter.Source.Topic);
        Require("source.group", letter.Source.Group);
        Require("source.message_id", letter.Source.MessageId);
        Require("source.message_type", letter.Source.MessageType);
        Require("source.step", letter.Source.Step);
        try
        {
            letter.ReadPayload();
        }
        catch (FormatException)
        {
            throw new JsonException("payload is no base64; it must be what payload_encoding says.");
        }

        return letter;

        static void Require(string field, string? value)
        {
            if (value is not null && value.Any(char.IsControl))
            {
                throw new JsonException($"{field} has a control character; it must have printable ones only.");
            }
        }
    }

    private static DeadLetter Named(DeadLetter letter)
    {
        Require("service_name", letter.ServiceName);
        Require("operation", letter.Operation);
        Require("error_code", letter.ErrorCode);
        return letter;

        static void Require(string field, string? value)
        {
            if (string.IsNullOrWhiteSpace(value) || value.Length > LongestName || value.Any(char.IsControl))
            {
                throw new JsonException($"{field} is {(value is null ? "null" : $"'{(value.Length > 40 ? value[..40] + "..." : value)}'")}; it must have 1 to {LongestName} printable characters.");
            }
        }
    }
}
