using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// How far a release has come, as etcd has it and people write it: <c>{"stage": "analysing", "share": 0.3, "id": "...", "reason": "...", "by": "...", "since": "..."}</c>. Only the
/// stage must be there.
/// </summary>
internal static class ReleaseJson
{
    private const string SomebodyWithEtcdctl = "somebody at the store";

    public static ByteString Write(FleetRelease release) => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(
        new ReleaseRecord(release.Stage.ToName(), release.Share, release.Id, release.Reason, release.By, release.Since), ReleaseJsonContext.Default.ReleaseRecord));

    /// <summary>Reads it.</summary>
    /// <param name="text">What stands there.</param>
    /// <param name="wrong">What is wrong with it and what would be right; null when nothing is.</param>
    public static FleetRelease? Read(ByteString text, out string? wrong)
    {
        ReleaseRecord? record;
        try
        {
            record = JsonSerializer.Deserialize(text.Span, ReleaseJsonContext.Default.ReleaseRecord);
        }
        catch (JsonException exception)
        {
            wrong = $"it must be JSON such as {{\"stage\": \"rolled-back\", \"reason\": \"drill\"}}: {exception.Message}";
            return null;
        }

        if (!ReleaseStages.TryParse(record?.Stage, out var stage))
        {
            wrong = $"stage is '{record?.Stage}'; it must be {ReleaseStages.Names}";
            return null;
        }

        if ((record!.Share ?? 0) is not (>= 0 and <= 1) and var share)
        {
            wrong = FormattableString.Invariant($"share is {share}; it must be from 0 to 1");
            return null;
        }

        wrong = null;
        return new FleetRelease(
            stage, record.Share ?? (stage == ReleaseStage.Promoted ? 1 : 0), record.Id ?? "", record.Reason ?? "no reason given", record.By ?? SomebodyWithEtcdctl, record.Since ?? DateTimeOffset.UnixEpoch);
    }
}

/// <summary>The record itself.</summary>
internal sealed record ReleaseRecord(string? Stage, double? Share, string? Id, string? Reason, string? By, DateTimeOffset? Since);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReleaseRecord))]
internal sealed partial class ReleaseJsonContext : JsonSerializerContext;
