using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;

namespace EndToEnd.Tests.Shop;

/// <summary>The AppHost as a user starts it: a process of its own, on free ports, with a ready file.</summary>
internal sealed partial class AppHostProcess : IAsyncDisposable
{
    /// <summary>Folder of the repository.</summary>
    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>Setting for tests of the processes that sell nothing: no service takes its paths before it is ready.</summary>
    public static readonly (string Name, string? Value) Cold = ("WarmUp__Rounds", "0");

    private readonly Process _process;
    private readonly string _readyFile;
    private readonly List<string> _output = [];
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private AppHostProcess(Process process, string readyFile)
    {
        _process = process;
        _readyFile = readyFile;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return string.Join('\n', _output);
            }
        }
    }

    public int ProcessId => _process.Id;

    /// <summary>Starts it. Later settings win over the tests' own.</summary>
    public static AppHostProcess Start(params (string Name, string? Value)[] settings)
    {
        var readyFile = Path.Combine(Path.GetTempPath(), $"ready-{Guid.NewGuid():N}.json");

        // What a script starts in the background ignores SIGINT, and so would we inherit it; env replaces itself by the program.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Program().FileName, .. Program().Arguments, "--ready-file", readyFile])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Root,
        };
        (string, string?)[] defaults =
        [
            ("Ports__Gateway", "0"), ("Ports__Operations", "0"), ("Ports__Dashboard", "0"), ("Embedded__Quiet", "true"), ("ASPNETCORE_ENVIRONMENT", "Development"),
        ];
        foreach (var (name, value) in defaults.Concat(settings))
        {
            start.Environment[name] = value;
        }

        return new AppHostProcess(Process.Start(start)!, readyFile);
    }

    /// <summary>Waits until everything is healthy.</summary>
    /// <returns>The addresses, by resource.</returns>
    public async Task<JsonElement> ReadyAsync(CancellationToken cancellationToken)
    {
        await foreach (var line in _lines.Reader.ReadAllAsync(cancellationToken))
        {
            if (line.StartsWith("Ready after", StringComparison.Ordinal))
            {
                return JsonDocument.Parse(await File.ReadAllTextAsync(_readyFile, cancellationToken)).RootElement;
            }
        }

        throw new InvalidOperationException($"The AppHost ended before it was ready:\n{Output}");
    }

    /// <summary>Waits until it has ended.</summary>
    public async Task<int> ExitedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Sends it a signal: 2 is Ctrl-C, 9 is kill -9, 15 is SIGTERM.</summary>
    public void Signal(int signal) => _ = Kill(_process.Id, signal);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal(15);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        File.Delete(_readyFile);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    private static string Metadata(string key) =>
        typeof(AppHostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    /// <summary>What was built with the tests or, on a machine where that is the Aspire mode, the embedded mode built on the way.</summary>
    private static (string FileName, string[] Arguments) Program()
    {
        var configuration = Metadata("Configuration");
        var built = Path.Combine(Root, "AppHost", "bin", "embedded", configuration, "net10.0", "ResilientShop.AppHost.dll");
        return File.Exists(built)
            ? ("dotnet", [built])
            : ("dotnet", ["run", "--project", Path.Combine(Root, "AppHost"), "-c", configuration, "-p:Orchestrator=embedded", "--no-launch-profile", "--"]);
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            _lines.Writer.TryComplete();
            return;
        }

        lock (_output)
        {
            _output.Add(line);
        }

        _lines.Writer.TryWrite(line);
    }
}
