namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What was said of a topic's canary until a version, by partition. Immutable.</summary>
/// <param name="Version">Version of the last change; 0 when there was none.</param>
/// <param name="Partitions">Partitions of which something was said; all of any other is the stable group's.</param>
/// <param name="Last">What the last change said; null when there was none.</param>
/// <param name="RolledBack">Releases that were rolled back.</param>
internal sealed record SplitPlan(
    long Version, IReadOnlyDictionary<int, PartitionSplits> Partitions, ConsumerSplitChange? Last, IReadOnlySet<string> RolledBack)
{
    /// <summary>Nobody has said anything.</summary>
    public static SplitPlan None { get; } = new(0, new Dictionary<int, PartitionSplits>(), null, new HashSet<string>());

    /// <summary>What one of the groups may do with a message.</summary>
    public SplitVerdict Judge(bool isCanary, int partition, long offset, string? key) =>
        Partitions.TryGetValue(partition, out var splits) ? splits.Judge(isCanary, offset, key)
        : isCanary ? SplitVerdict.Other
        : SplitVerdict.Own;
}

/// <summary>One change of a consumer's canary. Immutable.</summary>
/// <param name="Share">The share of the keys that the canary got, from 0 to 1.</param>
/// <param name="ReleaseId">The release.</param>
/// <param name="IsRollback">Whether the release was rolled back.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
public sealed record ConsumerSplitChange(double Share, string ReleaseId, bool IsRollback, string Reason, DateTimeOffset At);
