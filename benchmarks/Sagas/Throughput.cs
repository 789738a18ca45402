using System.Diagnostics;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>Two sides that do the same work, in turns of a few hundred milliseconds in random order, so that a drifting machine is the same to both.</summary>
internal static class Throughput
{
    private const int AtOnce = 32;
    private const int WarmUp = 2_000;
    private const int Rounds = 15;
    private const int FlowsPerRound = 400;

    /// <summary>Returns how many times as long the first side takes (median of the rounds), and flows a second of both.</summary>
    public static async Task<(double Ratio, double First, double Second)> CompareAsync(Func<Task> first, Func<Task> second)
    {
        await RunAsync(first, WarmUp);
        await RunAsync(second, WarmUp);
        var rounds = new List<(TimeSpan First, TimeSpan Second)>();
        for (var round = 0; round < Rounds; round++)
        {
            if (Random.Shared.Next(2) == 0)
            {
                rounds.Add((await RunAsync(first, FlowsPerRound), await RunAsync(second, FlowsPerRound)));
            }
            else
            {
                var their = await RunAsync(second, FlowsPerRound);
                rounds.Add((await RunAsync(first, FlowsPerRound), their));
            }
        }

        var ratios = rounds.Select(round => round.First / round.Second).Order().ToArray();
        return (ratios[Rounds / 2], PerSecond(rounds.Select(round => round.First)), PerSecond(rounds.Select(round => round.Second)));
    }

    private static double PerSecond(IEnumerable<TimeSpan> times) => Rounds * FlowsPerRound / times.Sum(time => time.TotalSeconds);

    private static async Task<TimeSpan> RunAsync(Func<Task> flow, int flows)
    {
        var left = flows;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await flow();
            }
        }));
        return Stopwatch.GetElapsedTime(start);
    }
}
