using ResilientShop.Benchmarks.Healing;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>Self-healing, in a whole shop: how soon a dead letter is a ticket and its order is healed, with real orders and one payment in twenty failing hard; and a thousand letters at once.</summary>
internal static class HealingGate
{
    private const double MostMegabytes = 200;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var root = FindRoot();
        await using var shop = await HealingShop.StartAsync(root);
        var orders = await HealedOrders.MeasureAsync(shop, root);
        yield return new Figure("5 % of payments fail hard: not healed", orders.Letters == 0 ? double.NaN : orders.Letters - orders.Healed, 0, $"of {orders.Letters} letters");
        yield return Percentile("dead letter to ticket, p95 s", orders.ToTicket, 1);
        yield return Percentile("dead letter to healed order, p95 s", orders.ToHealed, 10);
        yield return new Figure("books of the replay, exit code", orders.ReplayExitCode, 0, "0 is balanced");

        var burst = await LetterBurst.MeasureAsync(shop);
        yield return new Figure("1,000 letters sent twice: tickets more or less", Math.Abs(burst.Tickets - LetterBurst.Letters), 0, FormattableString.Invariant($"{burst.Tickets} tickets, the last after {burst.Seconds:0.0} s"));
        yield return new Figure("of these, out of the order of their keys", burst.OutOfOrder, 0, "");
        yield return new Figure("of these, memory of Operations grew by MiB", burst.MemoryGrowth, MostMegabytes, "resident, at its highest");
    }

    private static Figure Percentile(string name, double[] times, double limit) => times.Length == 0
        ? new Figure(name, double.NaN, limit, "there were none")
        : new Figure(name, times[(int)(times.Length * 0.95)], limit, FormattableString.Invariant($"median {times[times.Length / 2]:0.00}, worst {times[^1]:0.00} of {times.Length}"));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ResilientShop.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("ResilientShop.sln is not above this program: run the gate from the repository.");
    }
}
