using System.Diagnostics;
using System.Globalization;

namespace Replay.OwnShop;

/// <summary>
/// A small shell that outlives this tool by a moment. It waits on a pipe that the kernel closes when the tool ends, however it ends; unless it was
/// told that all is done, it then wakes what is paused and asks the AppHost to stop. A tool killed hard leaves no sleeping shop. Thread-safe.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    // $1 is the AppHost, $2 the folder of its ready file. A line names a process that is about to be paused.
    private const string Script = """
        trap '' INT TERM HUP QUIT
        paused=
        while read -r line; do
          [ "$line" = done ] && exit 0
          paused="$paused $line"
        done
        exec >/dev/null 2>&1
        [ -n "$paused" ] && kill -s CONT $paused
        kill -s TERM "$1"
        rm -rf -- "$2"
        """;

    private readonly Process _shell;

    public Watchdog(int appHost, string folder) => _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "watchdog", Text(appHost), folder])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = "/",
    })!;

    /// <summary>Tells of a process before it is paused.</summary>
    public void Remember(int processId)
    {
        lock (_shell)
        {
            _shell.StandardInput.WriteLine(Text(processId));
            _shell.StandardInput.Flush();
        }
    }

    /// <summary>The shop has stopped: there is nothing to watch any more.</summary>
    public void Dispose()
    {
        lock (_shell)
        {
            _shell.StandardInput.WriteLine("done");
            _shell.StandardInput.Close();
            _shell.WaitForExit(TimeSpan.FromSeconds(5));
            _shell.Dispose();
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
