using ResilientShop.Benchmarks.Policies;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>Hot policies: how soon a change is in force in six processes, what reading costs, and whether requests notice a thousand changes.</summary>
internal static class PoliciesGate
{
    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var (nanoseconds, bytes) = ReadPath.Measure();
        yield return new Figure("reading the policy in force, ns", nanoseconds, 5, "");
        yield return new Figure("reading the policy in force, bytes", bytes, 0, "20 million reads");

        await using var etcd = await EtcdProcess.StartAsync();
        var changes = await Propagation.MeasureAsync(etcd.Endpoint);
        yield return Percentile("etcd: put to effective in 6 processes, p99 ms", changes.Warm, 100);
        yield return Percentile("etcd: the same, first changes after start, p99 ms", changes.Cold, 500);
        var folder = Directory.CreateTempSubdirectory("resilientshop-gate-").FullName;
        try
        {
            changes = await Propagation.MeasureAsync(folder);
            yield return Percentile("files: put to effective in 6 processes, p99 ms", changes.Warm, 500);
            yield return Percentile("files: the same, first changes after start, p99 ms", changes.Cold, 1000);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        await using var own = await EtcdProcess.StartAsync();
        var load = await ChangesUnderLoad.MeasureAsync(own.Endpoint);
        yield return new Figure("1,000 changes under load: failed requests", load.Failed, 0, FormattableString.Invariant($"of {load.Requests}"));
        yield return new Figure("1,000 changes under load: torn requests", load.Torn, 0, "");
        yield return new Figure("1,000 changes under load: memory, ratio", load.MemoryRatio, 1.1, "after 1,000 changes to after 200");
    }

    private static Figure Percentile(string name, double[] times, double limit) => new(
        name, times[(int)(times.Length * 0.99)], limit, FormattableString.Invariant($"median {times[times.Length / 2]:0.0}, worst {times[^1]:0.0} of {times.Length}"));
}
