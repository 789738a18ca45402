using System.Diagnostics;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>How long after SIGKILL another replica has ended all sagas of the dead one.</summary>
internal static class Takeover
{
    private const int Kills = 5;
    private const int Held = 50;

    /// <summary>Returns the time from each kill to the end of the last saga.</summary>
    public static async Task<TimeSpan[]> MeasureAsync(SagaHost survivor, string connectionString)
    {
        var times = new TimeSpan[Kills];
        for (var kill = 0; kill < Kills; kill++)
        {
            var (process, held) = await SagaReplica.StartAsync(connectionString, Held);
            using (process)
            {
                // Whatever a lease has left just then.
                await Task.Delay(Random.Shared.Next(2_000));
                var start = Stopwatch.GetTimestamp();
                process.Kill();
                await Task.WhenAll(held.Select(id => survivor.Sagas.WaitAsync(id, CancellationToken.None)));
                times[kill] = Stopwatch.GetElapsedTime(start);
                await process.WaitForExitAsync();
            }
        }

        return [.. times.Order()];
    }
}
