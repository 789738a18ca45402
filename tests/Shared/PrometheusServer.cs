using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tests;

/// <summary>
/// A real Prometheus for tests: random loopback port, data in a temporary folder. It can be stopped and started again with the data that it has. It and its folder are gone when
/// it is disposed of, also when the tests are killed.
/// </summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    // The shell outlives a test process that is killed: reading its standard input then ends, and it clears up.
    private const string Supervise =
        """
        trap '' INT TERM HUP
        server=
        stop() {
          [ -z "$server" ] || { kill -KILL "$server"; wait "$server"; server=; } 2>/dev/null
        }
        while read -r order; do
          case $order in
            start) setpriv --pdeathsig=KILL "$PROMETHEUS" "$@" </dev/null >>"$DATA/log" 2>&1 & server=$! ;;
            stop) stop ;;
          esac
          echo "$order"
        done
        stop
        while [ -e "$DATA" ]; do rm -rf "$DATA"; done
        """;

    private static readonly string[] RuleFiles = ["test.rules.yml"];

    private readonly string _data = Path.Combine(Path.GetTempPath(), "shop-tests-prometheus-" + Path.GetRandomFileName());
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private Process? _supervisor;

    /// <summary>Where it listens, also before it is started.</summary>
    public Uri Address { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LoopbackPort.Free()}/"));

    /// <summary>Starts it.</summary>
    /// <param name="interval">How often it scrapes and evaluates.</param>
    /// <param name="rules">A file of recording rules.</param>
    /// <param name="targets">Whom it scrapes at /metrics, a replica each.</param>
    public async Task StartAsync(string interval, string rules, params IEnumerable<(string Service, Uri Address)> targets)
    {
        Directory.CreateDirectory(_data);
        await File.WriteAllTextAsync(Path.Combine(_data, RuleFiles[0]), rules);
        await File.WriteAllTextAsync(
            Path.Combine(_data, "prometheus.yml"),
            JsonSerializer.Serialize(new
            {
                global = new { scrape_interval = interval, scrape_timeout = interval, evaluation_interval = interval },
                rule_files = RuleFiles,
                scrape_configs = new[]
                {
                    new
                    {
                        job_name = "shop",
                        static_configs = targets.Select((target, number) => new
                        {
                            targets = new[] { target.Address.Authority },
                            labels = new { service = target.Service, instance = string.Create(CultureInfo.InvariantCulture, $"{target.Service}-{number + 1}") },
                        }),
                    },
                },
            }));
        _supervisor = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Supervise, "sh", .. Arguments()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
            Environment = { ["DATA"] = _data, ["PROMETHEUS"] = await PrometheusProgram.FindAsync("prometheus", CancellationToken.None) },
        });
        await StartAgainAsync();
    }

    /// <summary>Starts it again with its data.</summary>
    public async Task StartAgainAsync()
    {
        await OrderAsync("start");
        var patience = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await IsReadyAsync())
        {
            if (patience.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException($"Prometheus did not start: {await File.ReadAllTextAsync(Path.Combine(_data, "log"))}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Kills it; its data stays.</summary>
    public Task StopAsync() => OrderAsync("stop");

    /// <summary>Its rules, as it tells them: name, health and last error of each.</summary>
    public async Task<IReadOnlyList<(string Name, string Health, string? Error)>> RulesAsync(CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(Address, "api/v1/rules"), cancellationToken));
        return
        [
            .. document.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray()).Select(rule => (
                rule.GetProperty("name").GetString()!, rule.GetProperty("health").GetString()!, rule.TryGetProperty("lastError", out var error) ? error.GetString() : null)),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_supervisor is not null)
        {
            _supervisor.StandardInput.Close();
            await _supervisor.WaitForExitAsync();
            _supervisor.Dispose();
        }
    }

    private string[] Arguments() =>
    [
        $"--config.file={Path.Combine(_data, "prometheus.yml")}", $"--storage.tsdb.path={Path.Combine(_data, "data")}", $"--web.listen-address={Address.Authority}", "--log.level=error",
    ];

    private async Task OrderAsync(string order)
    {
        var supervisor = _supervisor ?? throw new InvalidOperationException("Prometheus was never started.");
        await supervisor.StandardInput.WriteLineAsync(order);
        await supervisor.StandardInput.FlushAsync();
        if (await supervisor.StandardOutput.ReadLineAsync() != order)
        {
            throw new InvalidOperationException($"Prometheus's shell did not {order} it.");
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Address, "-/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
