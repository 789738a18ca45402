using System.Diagnostics;
using ResilientShop.AppHost.Embedded.Runtime;

namespace ResilientShop.AppHost.Embedded.Acquisition;

/// <summary>Runs the package programs of the machine, so that its mirrors, proxies and certificates are used, and shows that they are at work.</summary>
internal static class Download
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestDownload = TimeSpan.FromMinutes(5);

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code and the last line it wrote.</returns>
    public static async Task<(int ExitCode, string LastLine)> RunAsync(EmbeddedHost host, ResourceInstance instance, string what, ProcessSpec spec, CancellationToken cancellationToken)
    {
        var startedAt = host.Time.GetTimestamp();
        var log = new ResourceLog(host.Time);
        host.Output.Notice(instance, $"{what} ...");
        var process = await RunningProcess.StartAsync(host, spec, log);
        try
        {
            while (await Task.WhenAny(process.Exited, Task.Delay(ProgressInterval, host.Time, cancellationToken)) != process.Exited)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var elapsed = host.Time.GetElapsedTime(startedAt);
                if (elapsed > LongestDownload)
                {
                    throw new ResourceMissingException($"{what}: no end after {LongestDownload.TotalMinutes:0} minutes; given up.");
                }

                host.Output.Notice(instance, $"{what} ... {elapsed.TotalSeconds:0} s");
            }
        }
        finally
        {
            if (!process.Exited.IsCompleted)
            {
                process.Kill();
            }
        }

        return (await process.Exited, log.Tail(1) is [var line] ? line : "");
    }
}
