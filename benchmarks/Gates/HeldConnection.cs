using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Benchmarks.Gates;

/// <summary>How long a server that never answers still holds its connection after the caller has given up, in milliseconds.</summary>
internal static class HeldConnection
{
    private const int Trials = 200;

    public static async Task<double[]> MeasureAsync()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var services = new ServiceCollection();
        services.AddLogging().AddResilientHttpClient("silent", client => client.BaseAddress = new Uri($"http://{server.LocalEndpoint}"));
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("silent");
        var times = new double[Trials];
        for (var trial = 0; trial < Trials; trial++)
        {
            times[trial] = await OnceAsync(server, client);
        }

        Array.Sort(times);
        return times;
    }

    private static async Task<double> OnceAsync(TcpListener server, HttpClient client)
    {
        using var caller = new CancellationTokenSource();
        var call = client.GetAsync("/", caller.Token);
        using var connection = await server.AcceptTcpClientAsync(CancellationToken.None);
        var stream = connection.GetStream();
        var request = new byte[4096];
        await stream.ReadAtLeastAsync(request, 1);
        var givenUp = Stopwatch.GetTimestamp();
        await caller.CancelAsync();
        try
        {
            while (await stream.ReadAsync(request) > 0)
            {
                // What was still on its way; nothing after it means that the client has closed the connection.
            }
        }
        catch (IOException)
        {
            // A reset frees it as well.
        }

        var freed = Stopwatch.GetElapsedTime(givenUp).TotalMilliseconds;
        await Task.WhenAny(call);
        return freed;
    }
}
