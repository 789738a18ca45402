using System.Globalization;
using Tests;

namespace ResilientShop.Benchmarks.Policies;

/// <summary>A real etcd for one measurement; it ends with this process.</summary>
internal sealed class EtcdProcess : IAsyncDisposable
{
    private readonly ServerProcess _server;

    private EtcdProcess(ServerProcess server, string endpoint) => (_server, Endpoint) = (server, endpoint);

    public string Endpoint { get; }

    public static async Task<EtcdProcess> StartAsync()
    {
        var data = Directory.CreateTempSubdirectory("resilientshop-gate-").FullName;
        var (client, peer) = (Url(LoopbackPort.Free()), Url(LoopbackPort.Free()));
        var server = ServerProcess.Start(
            data, "KILL", await EtcdProgram.FindAsync(CancellationToken.None), "--name", "gate", "--data-dir", data,
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", $"gate={peer}", "--unsafe-no-fsync", "--logger", "zap", "--log-level", "error");
        var etcd = new EtcdProcess(server, client);
        using var http = new HttpClient();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await IsHealthyAsync(http, client))
        {
            await timer.WaitForNextTickAsync();
        }

        return etcd;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static async Task<bool> IsHealthyAsync(HttpClient http, string endpoint)
    {
        try
        {
            using var answer = await http.GetAsync($"{endpoint}/health");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
