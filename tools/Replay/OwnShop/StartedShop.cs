using System.Diagnostics;
using System.Security.Cryptography;
using Replay.Faults;

namespace Replay.OwnShop;

/// <summary>
/// A shop that this tool started for itself, on free ports: the embedded AppHost as a process of its own. Disposing it stops it and waits until nothing of
/// it is left.
/// </summary>
internal sealed class StartedShop : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StoppedWithin = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly DirectoryInfo _folder;
    private readonly ShopOutput _output;
    private readonly Process _appHost;
    private readonly Watchdog _watchdog;
    private readonly string _readyFile;

    private StartedShop(DirectoryInfo folder, ShopOutput output, Process appHost, string readyFile)
    {
        _folder = folder;
        _output = output;
        _appHost = appHost;
        _readyFile = readyFile;
        _watchdog = new Watchdog(appHost.Id, folder.FullName);
        _output.Follow(appHost);
        Victims = new ShopVictims(appHost.Id, readyFile, _watchdog);
    }

    /// <summary>What the ready file said when the shop became ready.</summary>
    public ShopAddresses Addresses { get; private set; } = null!;

    /// <summary>The key of its operators, known to this tool only.</summary>
    public string OperatorKey { get; private init; } = "";

    /// <summary>Its processes, to be hit.</summary>
    public IVictims Victims { get; }

    /// <summary>Builds it if asked to, starts it, and returns when all of it is healthy.</summary>
    /// <exception cref="OwnShopException">It does not build, or does not become ready.</exception>
    public static async Task<StartedShop> StartAsync(OwnShopSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var program = await ShopProgram.FindAsync(settings.Build, cancellationToken);
        var folder = Directory.CreateTempSubdirectory("replay-shop-");
        StartedShop? shop = null;
        try
        {
            var readyFile = Path.Combine(folder.FullName, "ready.json");
            var output = ShopOutput.Open(settings.Log);
            var key = RandomNumberGenerator.GetHexString(32);
            shop = new StartedShop(folder, output, Process.Start(StartInfo(program, readyFile, key, quiet: settings.Log is null))!, readyFile) { OperatorKey = key };
            await shop.ReadyAsync(time, cancellationToken);
            return shop;
        }
        catch
        {
            if (shop is not null)
            {
                await shop.DisposeAsync();
            }
            else
            {
                folder.Delete(recursive: true);
            }

            throw;
        }
    }

    /// <summary>Stops the shop. Whatever is paused has to be awake by now.</summary>
    public async ValueTask DisposeAsync()
    {
        using (_appHost)
        {
            SystemProcesses.Send(_appHost.Id, UnixSignal.Terminate);
            using var patience = new CancellationTokenSource(StoppedWithin);
            try
            {
                await _appHost.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                // Its guardian ends what is left.
                SystemProcesses.Send(_appHost.Id, UnixSignal.Kill);
                await _appHost.WaitForExitAsync(CancellationToken.None);
            }
        }

        _watchdog.Dispose();
        _output.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task ReadyAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        ShopAddresses? addresses;
        while ((addresses = ShopAddresses.TryRead(_readyFile)) is null)
        {
            if (_appHost.HasExited)
            {
                throw new OwnShopException($"--start-shop: the shop ended with exit code {_appHost.ExitCode} before it was ready:\n{_output.Tail}");
            }

            if (time.GetElapsedTime(start) > ReadyWithin)
            {
                throw new OwnShopException($"--start-shop: the shop is not ready after {ReadyWithin.TotalMinutes:0} minutes:\n{_output.Tail}");
            }

            await Task.Delay(Look, time, cancellationToken);
        }

        Addresses = addresses;
    }

    /// <summary>A session of its own keeps the terminal's Ctrl-C from it: this tool stops it, in its time.</summary>
    private static ProcessStartInfo StartInfo(string program, string readyFile, string operatorKey, bool quiet)
    {
        string[] command = [ShopProgram.Dotnet, program, "--ready-file", readyFile];
        string[] sessioned = File.Exists("/usr/bin/setsid") ? ["/usr/bin/setsid", .. command] : command;
        var start = new ProcessStartInfo(sessioned[0], sessioned.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var port in new[] { "Ports__Gateway", "Ports__Operations", "Ports__Dashboard" })
        {
            start.Environment[port] = "0";
        }

        start.Environment["Operator__Key"] = operatorKey;
        start.Environment["Embedded__Quiet"] = quiet ? "true" : "false";
        return start;
    }
}
