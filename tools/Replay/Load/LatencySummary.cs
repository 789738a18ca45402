namespace Replay.Load;

/// <summary>
/// Percentiles in milliseconds, exact: taken from all samples by nearest rank (the smallest sample that at least p percent of all do not exceed).
/// All are 0 without samples.
/// </summary>
internal sealed record LatencySummary(int Count, double P50, double P90, double P95, double P99, double Max)
{
    /// <summary>Summarises <paramref name="samples"/>; their order does not matter.</summary>
    public static LatencySummary Of(IEnumerable<TimeSpan> samples)
    {
        var sorted = samples.Order().ToArray();
        return new LatencySummary(
            sorted.Length,
            Percentile(sorted, 50).Milliseconds(),
            Percentile(sorted, 90).Milliseconds(),
            Percentile(sorted, 95).Milliseconds(),
            Percentile(sorted, 99).Milliseconds(),
            Percentile(sorted, 100).Milliseconds());
    }

    /// <summary>The nearest-rank percentile of sorted samples; zero when there are none.</summary>
    public static TimeSpan Percentile(ReadOnlySpan<TimeSpan> sorted, int percent) =>
        sorted.IsEmpty ? TimeSpan.Zero : sorted[Math.Max(0, (int)Math.Ceiling(percent * (long)sorted.Length / 100m) - 1)];
}
