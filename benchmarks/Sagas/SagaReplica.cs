using System.Diagnostics;
using System.Globalization;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>
/// A process with sagas of its own: <c>saga-replica CONNECTION COUNT</c>. It starts so many, writes their ids once all wait in their third step, and holds them there
/// until it is killed. With a count of 0 it is an idle replica. It ends with its standard input.
/// </summary>
internal static class SagaReplica
{
    public const string Command = "saga-replica";

    public static async Task<int> RunAsync(string connectionString, string count)
    {
        var sagas = int.Parse(count, CultureInfo.InvariantCulture);
        using var waiting = new SemaphoreSlim(0);
        await using var host = await SagaHost.StartAsync(connectionString, async (_, cancel) =>
        {
            waiting.Release();
            await Task.Delay(Timeout.Infinite, cancel);
        });
        var ids = new List<Guid>();
        for (var number = 0; number < sagas; number++)
        {
            ids.Add(Guid.CreateVersion7());
            await host.Sagas.StartAsync(Booking.Name, ids[^1], Booking.Order.Any, CancellationToken.None);
        }

        foreach (var _ in ids)
        {
            await waiting.WaitAsync();
        }

        Console.WriteLine(string.Join(',', ids));
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>Starts one and returns it with the ids of the sagas that it holds.</summary>
    public static async Task<(Process Process, Guid[] Held)> StartAsync(string connectionString, int count, params (string Variable, string Value)[] settings)
    {
        var process = SelfProcess.Start(settings, Command, connectionString, count.ToString(CultureInfo.InvariantCulture));
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The replica ended.");
        return (process, [.. line.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse)]);
    }
}
