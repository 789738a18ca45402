using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Tests;

/// <summary>
/// A real etcd server for tests: random loopback port, data in a temporary folder, nothing synced to disk. Use it as an assembly fixture where tests share it under
/// prefixes of their own, or start one of your own to stop, wipe and restart. It and its folder are gone when it is disposed of, also when the tests are killed.
/// </summary>
public sealed class EtcdServer : IAsyncLifetime
{
    // The shell outlives a test process that is killed: reading its standard input then ends, and it clears up.
    private const string Supervise =
        """
        umask 077
        trap '' INT TERM HUP
        server=
        stop() {
          [ -z "$server" ] || { kill -KILL "$server"; wait "$server"; server=; } 2>/dev/null
        }
        while read -r order; do
          case $order in
            start) setpriv --pdeathsig=KILL "$ETCD" --data-dir "$DATA" "$@" </dev/null >>"$DATA.log" 2>&1 & server=$! ;;
            stop) stop ;;
            wipe) stop; rm -rf "$DATA" ;;
          esac
          echo "$order"
        done
        stop
        rm -rf "$DATA" "$DATA.log"
        """;

    private readonly string _data = Path.Combine(Path.GetTempPath(), "shop-tests-etcd-" + Path.GetRandomFileName());
    private readonly int _port = LoopbackPort.Free();
    private readonly int _healthPort = LoopbackPort.Free();
    private readonly string[] _arguments;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private Process? _supervisor;

    /// <summary>A server without users and certificates.</summary>
    public EtcdServer()
        : this([])
    {
    }

    private EtcdServer(string[] arguments)
    {
        _arguments = arguments;
        Scheme = arguments.Contains("--cert-file") ? "https" : "http";
    }

    /// <summary>Port that clients use.</summary>
    public int Port => _port;

    /// <summary>Address that clients use.</summary>
    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"{Scheme}://127.0.0.1:{_port}");

    private string Scheme { get; }

    // Without users and certificates, whatever the clients' one asks for.
    private string HealthEndpoint => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_healthPort}");

    /// <summary>Starts a server of one's own.</summary>
    /// <param name="arguments">For etcd, over ours.</param>
    public static async Task<EtcdServer> StartNewAsync(params string[] arguments)
    {
        var server = new EtcdServer(arguments);
        await server.InitializeAsync();
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        await PrepareAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_supervisor is null)
        {
            return;
        }

        _supervisor.StandardInput.Close();
        await _supervisor.WaitForExitAsync();
        _supervisor.Dispose();
        _supervisor = null;
    }

    /// <summary>Starts it, again on the same port, with the data that it has.</summary>
    public async Task StartAsync()
    {
        await PrepareAsync();
        await OrderAsync("start");
        var patience = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await IsReadyAsync())
        {
            if (patience.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new InvalidOperationException($"etcd did not start: {await File.ReadAllTextAsync(_data + ".log")}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Kills it; its data stays.</summary>
    public Task StopAsync() => OrderAsync("stop");

    /// <summary>Kills it and deletes its data.</summary>
    public Task WipeAsync() => OrderAsync("wipe");

    /// <summary>Writes a key past every store, as etcdctl would; not where etcd asks for a user.</summary>
    /// <returns>The revision.</returns>
    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        AskAsync("kv/put", new { key = Base64(key), value = Convert.ToBase64String(value.Span) }, cancellationToken);

    /// <summary>Writes a key past every store, under a lease.</summary>
    /// <exception cref="HttpRequestException">Etcd does not have the lease any more.</exception>
    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, string lease, CancellationToken cancellationToken) =>
        AskAsync("kv/put", new { key = Base64(key), value = Convert.ToBase64String(value.Span), lease }, cancellationToken);

    /// <summary>The lease that a key is under.</summary>
    public async Task<string> LeaseOfAsync(string key, CancellationToken cancellationToken)
    {
        var answer = await AskWholeAsync("kv/range", new { key = Base64(key) }, cancellationToken);
        return answer.GetProperty("kvs")[0].GetProperty("lease").GetString()!;
    }

    /// <summary>Puts many keys past every store, 100 a transaction.</summary>
    public async Task PutManyAsync(IEnumerable<string> keys, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        foreach (var some in keys.Chunk(100))
        {
            var puts = some.Select(key => new { requestPut = new { key = Base64(key), value = Convert.ToBase64String(value.Span) } });
            await AskAsync("kv/txn", new { success = puts.ToArray() }, cancellationToken);
        }
    }

    /// <summary>Deletes a key past every store.</summary>
    /// <returns>The revision.</returns>
    public Task<long> DeleteAsync(string key, CancellationToken cancellationToken) => AskAsync("kv/deleterange", new { key = Base64(key) }, cancellationToken);

    /// <summary>How many keys begin with <paramref name="prefix"/>, which ends in '/'.</summary>
    public async Task<long> CountAsync(string prefix, CancellationToken cancellationToken)
    {
        var answer = await AskWholeAsync("kv/range", new { key = Base64(prefix), range_end = Base64($"{prefix[..^1]}0"), count_only = true }, cancellationToken);
        return long.Parse(answer.GetProperty("count").GetString()!, CultureInfo.InvariantCulture);
    }

    /// <summary>Forgets all that was before a revision.</summary>
    public Task CompactAsync(long revision, CancellationToken cancellationToken) => AskAsync("kv/compaction", new { revision, physical = true }, cancellationToken);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private async Task<JsonElement> AskWholeAsync(string what, object question, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsJsonAsync($"{Endpoint}/v3/{what}", question, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    private async Task<long> AskAsync(string what, object question, CancellationToken cancellationToken)
    {
        var body = await AskWholeAsync(what, question, cancellationToken);
        return long.Parse(body.GetProperty("header").GetProperty("revision").GetString()!, CultureInfo.InvariantCulture);
    }

    private async Task PrepareAsync()
    {
        if (_supervisor is null)
        {
            _supervisor = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Supervise, "sh", .. ServerArguments(), .. _arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                WorkingDirectory = "/",
                Environment = { ["DATA"] = _data, ["ETCD"] = await EtcdProgram.FindAsync(CancellationToken.None) },
            });
        }
    }

    private string[] ServerArguments()
    {
        var peer = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LoopbackPort.Free()}");
        return
        [
            "--name", "test", "--listen-client-urls", Endpoint, "--advertise-client-urls", Endpoint,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"test={peer}",
            "--listen-metrics-urls", HealthEndpoint, "--heartbeat-interval", "20", "--election-timeout", "200", "--unsafe-no-fsync", "--logger", "zap", "--log-level", "error",
        ];
    }

    private async Task OrderAsync(string order)
    {
        var supervisor = _supervisor ?? throw new InvalidOperationException("etcd was never started.");
        await supervisor.StandardInput.WriteLineAsync(order);
        await supervisor.StandardInput.FlushAsync();
        if (await supervisor.StandardOutput.ReadLineAsync() != order)
        {
            throw new InvalidOperationException($"etcd's shell did not {order} it.");
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync($"{HealthEndpoint}/health");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
