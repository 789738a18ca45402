using System.Diagnostics;

namespace Tests;

/// <summary>Gets servers that the machine does not have, into the folder that the embedded host keeps them in.</summary>
internal static class ServerDownload
{
    public static CacheFolder Cache() => new(EmbeddedOptions.DefaultCachePath(), Console.WriteLine);

    public static Downloader Downloader() => new(RunAsync, Console.WriteLine, TimeProvider.System);

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
