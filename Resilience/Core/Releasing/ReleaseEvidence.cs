namespace ResilientShop.Resilience;

/// <summary>What is known of two releases that serve the same traffic side by side. Immutable.</summary>
/// <param name="Stable">Calls to the stable release; null when nobody knows.</param>
/// <param name="Canary">Calls to the canary; null when nobody knows.</param>
/// <param name="Missing">Why something is not known, as a sentence; null when all is.</param>
public sealed record ReleaseEvidence(ReleaseSample? Stable, ReleaseSample? Canary, string? Missing = null)
{
    /// <summary>What was asked to learn it, by what is compared: <c>p95</c> and the checks. For the record.</summary>
    public IReadOnlyDictionary<string, string> Queries { get; init; } = new Dictionary<string, string>();
}

/// <summary>Calls to one release, since the step of its analysis began. Immutable.</summary>
/// <param name="Latencies">How long they took.</param>
/// <param name="Checks">What was checked of them, by name, with <see cref="ReleaseGate.Success"/> among it.</param>
public sealed record ReleaseSample(LatencyCounts Latencies, IReadOnlyDictionary<string, CheckCounts> Checks)
{
    /// <summary>Calls whose success is known.</summary>
    public long Requests => Checks.TryGetValue(ReleaseGate.Success, out var success) ? success.Total : 0;
}

/// <summary>How often something was checked. Immutable.</summary>
public readonly record struct CheckCounts(long Passed, long Failed)
{
    /// <summary>All.</summary>
    public long Total => Passed + Failed;
}

/// <summary>Latencies as a histogram has them: how many calls took at most so long. Immutable.</summary>
/// <param name="Bounds">Upper bounds of the buckets, rising; the last may be infinite.</param>
/// <param name="Counts">Calls within each bound, those of the bounds before it included.</param>
public sealed record LatencyCounts(IReadOnlyList<double> Bounds, IReadOnlyList<long> Counts)
{
    /// <summary>No call.</summary>
    public static LatencyCounts None { get; } = new([], []);

    /// <summary>All calls.</summary>
    public long Total => Counts is [.., var all] ? all : 0;

    /// <summary>The latency in seconds that a share of the calls does not exceed, a straight line within a bucket; infinite above the last bound, not a number without calls.</summary>
    /// <param name="share">The share, above 0 and below 1.</param>
    public double Quantile(double share)
    {
        var rank = share * Total;
        for (var index = 0; index < Counts.Count && Total > 0; index++)
        {
            if (Counts[index] >= rank)
            {
                var (before, from) = index == 0 ? (0, 0) : (Counts[index - 1], Bounds[index - 1]);
                return double.IsInfinity(Bounds[index]) ? double.PositiveInfinity : from + ((Bounds[index] - from) * (rank - before) / (Counts[index] - before));
            }
        }

        return double.NaN;
    }

    /// <summary>Calls that certainly took longer than <paramref name="seconds"/>, and the bound that was counted from: the next one above.</summary>
    public (long Calls, double From) Above(double seconds)
    {
        for (var index = 0; index < Counts.Count; index++)
        {
            if (Bounds[index] >= seconds)
            {
                return (Total - Counts[index], Bounds[index]);
            }
        }

        return (0, double.PositiveInfinity);
    }
}
