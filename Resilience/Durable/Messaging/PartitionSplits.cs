using System.Globalization;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>From <paramref name="FromOffset"/> on, <paramref name="Share"/> of the keys of a partition is the canary's. Immutable.</summary>
internal sealed record ConsumerSplit(long FromOffset, double Share, string ReleaseId)
{
    public bool IsCanary(string session) => ReleaseSplit.IsCanary(ReleaseId, session, Share);
}

/// <summary>What a group may do with a message.</summary>
internal enum SplitVerdict
{
    /// <summary>It is the group's own.</summary>
    Own,

    /// <summary>It is the other group's.</summary>
    Other,

    /// <summary>It is the group's own once the other group is done with earlier messages of its key.</summary>
    Waits,
}

/// <summary>
/// Whose the messages of a partition are: a function of offset and key alone, so that no lag of either group loses or doubles one. It also says
/// when the two groups may pass a key on without changing its order. Immutable.
/// </summary>
internal sealed class PartitionSplits
{
    // In ascending order, each until the next begins. Before the first everything is the stable group's.
    private readonly List<ConsumerSplit> _splits = [];
    private readonly int _partition;

    /// <param name="partition">Number of the partition.</param>
    /// <param name="rows">The oldest change first. A later one holds from its offset on, whatever was said before: so a rollback reaches back.</param>
    /// <param name="stableNext">How far the stable group is.</param>
    /// <param name="canaryNext">How far the canary group is.</param>
    public PartitionSplits(int partition, IEnumerable<ConsumerSplit> rows, long stableNext, long canaryNext)
    {
        (_partition, StableNext, CanaryNext) = (partition, stableNext, canaryNext);
        foreach (var row in rows)
        {
            _splits.RemoveAll(split => split.FromOffset >= row.FromOffset);
            _splits.Add(row);
        }
    }

    public long StableNext { get; }

    public long CanaryNext { get; }

    /// <summary>Where what was said last begins.</summary>
    public long LastFrom => _splits[^1].FromOffset;

    /// <summary>Whether messages that the canary group has not handled are, or may become, its own.</summary>
    public bool OwesCanary => _splits.Where((split, i) => split.Share > 0 && (i == _splits.Count - 1 || _splits[i + 1].FromOffset > CanaryNext)).Any();

    public long NextOf(bool isCanary) => isCanary ? CanaryNext : StableNext;

    /// <summary>What one of the groups may do with a message.</summary>
    public SplitVerdict Judge(bool isCanary, long offset, string? key)
    {
        var covering = _splits.FindLastIndex(split => split.FromOffset <= offset);
        if (covering < 0)
        {
            return isCanary ? SplitVerdict.Other : SplitVerdict.Own;
        }

        // Messages without a key have no order to keep; each is drawn for itself.
        var session = string.IsNullOrEmpty(key) ? string.Create(CultureInfo.InvariantCulture, $"{_partition}:{offset}") : key;
        if (_splits[covering].IsCanary(session) != isCanary)
        {
            return SplitVerdict.Other;
        }

        return string.IsNullOrEmpty(key) || ReceivedAt(covering, isCanary, session) <= NextOf(!isCanary) ? SplitVerdict.Own : SplitVerdict.Waits;
    }

    /// <summary>The offset at which the group got the key from the other one; the beginning when it always had it.</summary>
    private long ReceivedAt(int covering, bool isCanary, string session)
    {
        for (var i = covering; i > 0; i--)
        {
            if (_splits[i - 1].IsCanary(session) != isCanary)
            {
                return _splits[i].FromOffset;
            }
        }

        return isCanary ? _splits[0].FromOffset : 0;
    }
}
