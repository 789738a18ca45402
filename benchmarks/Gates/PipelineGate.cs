using ResilientShop.Benchmarks.Pipeline;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>The tiers against AddStandardResilienceHandler: time and bytes of a call, as ratios; and how soon a caller that gives up frees its connection.</summary>
internal static class PipelineGate
{
    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        (string Name, Func<Clients> Make, bool Opens, double Time, double Bytes)[] cases =
        [
            ("success, answer at once", () => new Clients(), false, 0.45, 0.90),
            ("success, transport yields", () => new Clients(yields: true), false, 0.60, 0.50),
            ("503, 503, 200", () => new Clients(failures: 2), false, 0.45, 0.90),
            ("breaker open, throwing", () => new Clients(), true, 1.0, 1.0),
            ("breaker open, answering 503", () => new Clients(answers: true), true, 0.05, 0.20),
        ];
        foreach (var (name, make, opens, time, bytes) in cases)
        {
            using var clients = make();
            if (opens)
            {
                await clients.OpenBreakersAsync();
            }

            var result = await SideBySide.CompareAsync(clients.TiersAsync, clients.StandardAsync);
            yield return new Figure($"{name}: time", result.Time, time, result.Detail);
            yield return new Figure($"{name}: bytes", result.Bytes, bytes, "");
        }

        var held = await HeldConnection.MeasureAsync();
        yield return new Figure("cancelled: connection held, p99 in ms", held[(int)(held.Length * 0.99)], 50, FormattableString.Invariant($"median {held[held.Length / 2]:0.00} ms"));
    }
}
