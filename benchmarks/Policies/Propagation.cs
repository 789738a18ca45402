using System.Diagnostics;
using System.Text;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Benchmarks.Policies;

/// <summary>Times from the beginning of a change to its being in force in six processes, in milliseconds, in order of size.</summary>
/// <param name="Cold">Of the first changes after the start: the processes run code that is not optimised yet, and optimise it meanwhile.</param>
/// <param name="Warm">Of the changes after those that warm up: what processes do that have run for long.</param>
internal sealed record Propagation(double[] Cold, double[] Warm)
{
    private const int Processes = 6;
    private const int ColdChanges = 20;
    private const int WarmUp = 300;
    private const int Changes = 200;

    public static async Task<Propagation> MeasureAsync(string location)
    {
        var shipped = await File.ReadAllTextAsync(Path.Combine(RepositoryConfig(), "resilience.yaml"));
        await using var store = PolicyInstance.Open(location);
        await ChangeAsync(store, shipped, 0);
        var instances = Enumerable.Range(1, Processes).Select(number => PolicyInstance.Start(location, number)).ToList();
        try
        {
            await Task.WhenAll(instances.Select(instance => instance.StandardOutput.ReadLineAsync()));
            var times = new List<double>();
            for (var change = 1; change <= ColdChanges + WarmUp + Changes; change++)
            {
                var began = Stopwatch.GetTimestamp();
                var digest = await ChangeAsync(store, shipped, change);
                await Task.WhenAll(instances.Select(instance => UntilAsync(instance, digest)));
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            return new Propagation([.. times.Take(ColdChanges).Order()], [.. times.Skip(ColdChanges + WarmUp).Order()]);
        }
        finally
        {
            foreach (var instance in instances)
            {
                instance.StandardInput.Close();
                await instance.WaitForExitAsync();
                instance.Dispose();
            }
        }
    }

    public static string Numbered(string document, int number) => $"{document}\n# change {number}\n".Replace("total_ms: 2900", FormattableString.Invariant($"total_ms: {2900 + number % 90}"), StringComparison.Ordinal);

    public static string RepositoryConfig()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "config", "resilience.yaml")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"There is no config/resilience.yaml at or above {AppContext.BaseDirectory}.");
        }

        return Path.Combine(folder.FullName, "config");
    }

    private static async Task<string> ChangeAsync(IPolicyStore store, string shipped, int number)
    {
        var text = Encoding.UTF8.GetBytes(Numbered(shipped, number));
        await store.ChangeAsync(new PolicyChange(new Dictionary<string, ReadOnlyMemory<byte>?> { [PolicyScope.Whole] = text }, "gate", "measure"), CancellationToken.None);
        return new StoredPolicies(0, [new PolicySource(PolicyScope.Whole, "", text)]).Digest;
    }

    private static async Task UntilAsync(Process instance, string digest)
    {
        while (await instance.StandardOutput.ReadLineAsync() is { } line && line != digest)
        {
            // An earlier one.
        }
    }
}
