using ResilientShop.Benchmarks.Sagas;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>Sagas: what durability costs, whether a million finished ones slow it down, how soon the dead are replaced, and what waiting costs.</summary>
internal static class SagasGate
{
    private const int Finished = 1_000_000;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var server = await PostgresProcess.StartAsync();
        var (fresh, full) = (await server.CreateDatabaseAsync("fresh"), await server.CreateDatabaseAsync("million"));
        await using var empty = await SagaHost.StartAsync(fresh);
        var price = await Throughput.CompareAsync(() => Booking.ThroughSagaAsync(empty.Sagas), () => Booking.StraightAsync(empty.Database));
        yield return new Figure("time of a saga to the flow without durability", price.Ratio, 2.5, FormattableString.Invariant(
            $"{price.First * Booking.Steps:0} steps/s against {price.Second * Booking.Steps:0}, 32 at once"));

        await using var million = await SagaHost.StartAsync(full);
        await Booking.ThroughSagaAsync(million.Sagas);
        await FinishedSagas.StoreAsync(million.Database, Finished);
        var growth = await Throughput.CompareAsync(() => Booking.ThroughSagaAsync(million.Sagas), () => Booking.ThroughSagaAsync(empty.Sagas));
        yield return new Figure("time of a saga beside 1,000,000 to one beside none", growth.Ratio, 1.2, FormattableString.Invariant(
            $"{growth.First * Booking.Steps:0} steps/s against {growth.Second * Booking.Steps:0}"));

        var (replica, database) = await IdleReplica.MeasureAsync(million, full);
        yield return new Figure("idle replica beside 1,000,000, % of a core", replica + database, 1, FormattableString.Invariant(
            $"{replica:0.00} of its own, {database:0.00} of the database, over 30 s"));

        var takeovers = await Takeover.MeasureAsync(million, full);
        yield return new Figure("SIGKILL to the end of 50 sagas elsewhere, s", takeovers[^1].TotalSeconds, 6, FormattableString.Invariant(
            $"lease 5 s; best {takeovers[0].TotalSeconds:0.0}, median {takeovers[takeovers.Length / 2].TotalSeconds:0.0}, worst of {takeovers.Length}"));
    }
}
