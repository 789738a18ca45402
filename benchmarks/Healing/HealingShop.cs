using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Tests;

namespace ResilientShop.Benchmarks.Healing;

/// <summary>A whole shop for one measurement, on free ports and on brokers of this process, so that letters can be sent to it.</summary>
internal sealed class HealingShop : IAsyncDisposable
{
    private const string Key = "gate";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly JsonElement _addresses;
    private readonly MockKafka _kafka;

    private HealingShop(Process process, JsonElement addresses, MockKafka kafka) => (_process, _addresses, _kafka) = (process, addresses, kafka);

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };

    public string Brokers => _kafka.BootstrapServers;

    public string Gateway => Address("gateway");

    public string Operations => Address("operations");

    public static async Task<HealingShop> StartAsync(string root)
    {
        await RunAsync(root, "build", Path.Combine(root, "AppHost"), "-v", "q");
        var kafka = new MockKafka();
        var ready = Path.Combine(Path.GetTempPath(), $"gate-healing-{Guid.NewGuid():N}.json");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(root, "AppHost/bin/embedded/Debug/net10.0/ResilientShop.AppHost.dll"), "--ready-file", ready])
        {
            WorkingDirectory = root, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in ((string, string)[])[("Ports__Gateway", "0"), ("Ports__Operations", "0"), ("Ports__Dashboard", "0"), ("Operator__Key", Key), ("ConnectionStrings__kafka", kafka.BootstrapServers)])
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(Patience);
        while (!File.Exists(ready))
        {
            await Task.Delay(100, patience.Token);
        }

        var addresses = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(ready, patience.Token));
        File.Delete(ready);
        return new HealingShop(process, addresses, kafka);
    }

    /// <summary>Says what the payment provider suffers from.</summary>
    public async Task SetWeatherAsync(double hardErrorRatio, int hardErrorMs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{Address("payments")}/provider/weather") { Headers = { { "X-Operator-Key", Key }, { "X-Operator", "gate" } } };
        request.Content = JsonContent.Create(new { latencyMs = 0, errorRatio = 0, hardErrorRatio, hardErrorMs });
        using var answer = await Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    public Task<JsonElement> GetAsync(string path) => Http.GetFromJsonAsync<JsonElement>(Operations + path);

    /// <summary>Resident memory of Operations, in MiB.</summary>
    public double MemoryOfOperations()
    {
        var id = _addresses.GetProperty("processes").EnumerateArray().First(process => process.GetProperty("name").GetString() == "operations-1").GetProperty("pid").GetInt32();
        using var process = Process.GetProcessById(id);
        return process.WorkingSet64 / 1048576.0;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<int> RunAsync(string root, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = root, RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        using (var stop = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await stop.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _kafka.Dispose();
        Http.Dispose();
    }

    private string Address(string name) => _addresses.GetProperty(name).GetString()!;
}
