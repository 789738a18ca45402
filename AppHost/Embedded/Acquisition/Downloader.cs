using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Acquisition;

/// <summary>
/// Runs the package programs of the machine, so that its mirrors, proxies and certificates are used, and says that they are at work.
/// </summary>
/// <param name="run">Runs a program; the result is its exit code and the last line it wrote. Cancelling ends the program.</param>
/// <param name="notice">Told what happens, in short lines.</param>
/// <param name="time">Paces the lines.</param>
internal sealed class Downloader(Func<ProcessSpec, CancellationToken, Task<(int ExitCode, string LastLine)>> run, Action<string> notice, TimeProvider time)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestDownload = TimeSpan.FromMinutes(5);

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="ResourceMissingException">It takes longer than any download should.</exception>
    public async Task<(int ExitCode, string LastLine)> RunAsync(string what, ProcessSpec spec, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        notice($"{what} ...");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var program = run(spec, patience.Token);
        while (await Task.WhenAny(program, Task.Delay(ProgressInterval, time, cancellationToken)) != program)
        {
            var elapsed = time.GetElapsedTime(startedAt);
            if (cancellationToken.IsCancellationRequested || elapsed > LongestDownload)
            {
                await patience.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
                throw new ResourceMissingException($"{what}: no end after {LongestDownload.TotalMinutes:0} minutes; given up.");
            }

            notice($"{what} ... {elapsed.TotalSeconds:0} s");
        }

        return await program;
    }
}
