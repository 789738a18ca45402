using System.Diagnostics;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>
/// Compares two ways of doing one thing on a machine that drifts: batches of a few milliseconds, the order shuffled in each round, the median of the
/// rounds' ratios. Bytes are counted over a run of each side alone, exactly.
/// </summary>
internal static class SideBySide
{
    private const int Rounds = 400;
    private const int WarmUpCalls = 40_000;
    private const int CountedCalls = 20_000;
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(3);

    public static async Task<(double Time, double Bytes, string Detail)> CompareAsync(Func<Task> ours, Func<Task> theirs)
    {
        foreach (var side in (Func<Task>[])[ours, theirs])
        {
            await RepeatAsync(side, WarmUpCalls);

            // Tiered compilation finishes in the background; what is measured is what runs for years.
            await Task.Delay(TimeSpan.FromMilliseconds(300));
            await RepeatAsync(side, WarmUpCalls);
        }

        var (ourBytes, theirBytes) = (await BytesAsync(ours), await BytesAsync(theirs));
        var calls = Math.Max(1, (int)(BatchTime / await TimeAsync(theirs, 2_000) * 2_000));
        var ratios = new double[Rounds];
        double ourTime = 0, theirTime = 0;
        for (var round = 0; round < Rounds; round++)
        {
            TimeSpan our, their;
            if (Random.Shared.Next(2) == 0)
            {
                (our, their) = (await TimeAsync(ours, calls), await TimeAsync(theirs, calls));
            }
            else
            {
                their = await TimeAsync(theirs, calls);
                our = await TimeAsync(ours, calls);
            }

            (ourTime, theirTime) = (ourTime + our.TotalNanoseconds, theirTime + their.TotalNanoseconds);
            ratios[round] = our / their;
        }

        Array.Sort(ratios);
        var total = (double)Rounds * calls;
        return (ratios[Rounds / 2], ourBytes / theirBytes, FormattableString.Invariant(
            $"{ourTime / total:0} ns, {ourBytes:0} B against {theirTime / total:0} ns, {theirBytes:0} B"));
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> side, int calls)
    {
        var start = Stopwatch.GetTimestamp();
        await RepeatAsync(side, calls);
        return Stopwatch.GetElapsedTime(start);
    }

    private static async Task<double> BytesAsync(Func<Task> side)
    {
        GC.Collect();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RepeatAsync(side, CountedCalls);
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)CountedCalls;
    }

    private static async Task RepeatAsync(Func<Task> side, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            await side();
        }
    }
}
