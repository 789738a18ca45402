using System.Diagnostics;

namespace ResilientShop.Benchmarks;

/// <summary>
/// A server for one measurement. A shell watches over it: when this process is gone, however that came, the shell's standard input ends and it ends the server and
/// removes its folder. (A parent-death signal would not do: it follows the thread that started the server, and a pool ends its threads.)
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Supervise =
        """
        "$@" >/dev/null 2>&1 </dev/null &
        server=$!
        trap '' INT TERM HUP
        read -r _
        kill -$SIGNAL $server 2>/dev/null
        wait $server
        rm -rf "$DATA"
        """;

    private readonly Process _supervisor;

    private ServerProcess(Process supervisor) => _supervisor = supervisor;

    public bool HasExited => _supervisor.HasExited;

    /// <summary>Starts <paramref name="command"/>; <paramref name="signal"/> ends it, and then <paramref name="data"/> is removed.</summary>
    public static ServerProcess Start(string data, string signal, params string[] command) =>
        new(Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Supervise, "sh", .. command])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
            Environment = { ["DATA"] = data, ["SIGNAL"] = signal },
        })!);

    public async ValueTask DisposeAsync()
    {
        _supervisor.StandardInput.Close();
        await _supervisor.WaitForExitAsync();
        _supervisor.Dispose();
    }
}
