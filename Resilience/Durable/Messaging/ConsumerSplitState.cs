namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>How far the release of a consumer's canary has come. Immutable.</summary>
/// <param name="Last">The last change; null when nobody has ever released a canary.</param>
/// <param name="Partitions">How far the groups are.</param>
public sealed record ConsumerSplitState(ConsumerSplitChange? Last, IReadOnlyList<ConsumerPartitionState> Partitions)
{
    /// <summary>Whether both groups are past the last change everywhere: from then on a group that was given nothing any more can be stopped.</summary>
    public bool IsHandedOver => Partitions.All(partition => partition.StableNext >= partition.FromOffset && partition.CanaryNext >= partition.FromOffset);
}

/// <summary>How far the groups are in a partition. Immutable.</summary>
/// <param name="Partition">Number of the partition.</param>
/// <param name="FromOffset">From where on the last change holds.</param>
/// <param name="StableNext">The offset at which the stable group goes on.</param>
/// <param name="CanaryNext">The offset at which the canary group goes on.</param>
public sealed record ConsumerPartitionState(int Partition, long FromOffset, long StableNext, long CanaryNext);
