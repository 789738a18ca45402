using System.Diagnostics;
using ResilientShop.Resilience;

namespace ResilientShop.Benchmarks.Policies;

/// <summary>What it costs to read the policy in force: nanoseconds, and bytes in all.</summary>
internal static class ReadPath
{
    private const int Reads = 20_000_000;

    public static (double Nanoseconds, long Bytes) Measure()
    {
        var dependency = PolicyInstance.NewRegistry().Get("payments");
        var best = double.MaxValue;
        var bytes = 0L;
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var began = Stopwatch.GetTimestamp();
            var read = Read(dependency);
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalNanoseconds / Reads);
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (read == 0)
            {
                throw new InvalidOperationException("Nothing was read.");
            }
        }

        return (best, bytes);
    }

    private static long Read(Dependency dependency)
    {
        var sum = 0L;
        for (var i = 0; i < Reads; i++)
        {
            sum += dependency.Policy.MaxBufferedBytes;
        }

        return sum;
    }
}
