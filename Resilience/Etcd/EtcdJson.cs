using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>A record of the audit, as etcd has it.</summary>
internal sealed record AuditRecord(string Who, DateTimeOffset When, string Why, IReadOnlyList<string> Scopes);

/// <summary>Records as JSON, which people read with etcdctl too.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditRecord))]
[JsonSerializable(typeof(Acknowledgement))]
internal sealed partial class EtcdJson : JsonSerializerContext
{
    public static ByteString Write(AuditRecord record) => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(record, Default.AuditRecord));

    public static ByteString Write(Acknowledgement acknowledgement) => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(acknowledgement, Default.Acknowledgement));

    /// <summary>Null when somebody else has written something else there.</summary>
    public static AuditRecord? ReadAudit(ByteString text) => Read(text, Default.AuditRecord);

    /// <summary>Null when somebody else has written something else there.</summary>
    public static Acknowledgement? ReadAcknowledgement(ByteString text) => Read(text, Default.Acknowledgement);

    private static T? Read<T>(ByteString text, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(text.Span, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
