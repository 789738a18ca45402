using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Where a service stands, as etcd has it and people write it: <c>{"level": "degraded", "normalShare": 0, "forced": false, "reason": "...", "by": "...", "since": "..."}</c>. Only
/// the level must be there.
/// </summary>
internal static class FleetJson
{
    private const string SomebodyWithEtcdctl = "somebody at the store";

    public static ByteString Write(FleetDegradation said) => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(
        new FleetRecord(said.Level.ToName(), said.NormalShare, said.IsForced, said.Reason, said.By, said.Since), FleetJsonContext.Default.FleetRecord));

    /// <summary>Reads it.</summary>
    /// <param name="text">What stands there.</param>
    /// <param name="wrong">What is wrong with it and what would be right; null when nothing is.</param>
    public static FleetDegradation? Read(ByteString text, out string? wrong)
    {
        FleetRecord? record;
        try
        {
            record = JsonSerializer.Deserialize(text.Span, FleetJsonContext.Default.FleetRecord);
        }
        catch (JsonException exception)
        {
            wrong = $"it must be JSON such as {{\"level\": \"degraded\", \"reason\": \"drill\"}}: {exception.Message}";
            return null;
        }

        if (!DegradationLevels.TryParse(record?.Level, out var level))
        {
            wrong = $"level is '{record?.Level}'; it must be {DegradationLevels.Names}";
            return null;
        }

        var share = record!.NormalShare ?? (level < DegradationLevel.Degraded ? 1 : 0);
        if (share is not (>= 0 and <= 1))
        {
            wrong = FormattableString.Invariant($"normalShare is {share}; it must be from 0 to 1");
            return null;
        }

        wrong = null;
        return new FleetDegradation(level, share, record.Forced, record.Reason ?? "no reason given", record.By ?? SomebodyWithEtcdctl, record.Since ?? DateTimeOffset.UnixEpoch);
    }
}

/// <summary>The record itself.</summary>
internal sealed record FleetRecord(string? Level, double? NormalShare, bool Forced, string? Reason, string? By, DateTimeOffset? Since);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FleetRecord))]
internal sealed partial class FleetJsonContext : JsonSerializerContext;
