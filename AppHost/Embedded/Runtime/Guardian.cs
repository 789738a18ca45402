using System.Diagnostics;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// A small shell that outlives the AppHost by a moment. It waits on a pipe that the kernel closes when the AppHost ends, however
/// it ends; then it signals what is left of the application and removes the run folder. Thread-safe.
/// </summary>
internal sealed class Guardian : IDisposable
{
    // $1 is the run folder. Its file "processes" names each process that is alive and the signal it dies by.
    private const string Script = """
        trap '' INT TERM HUP QUIT
        read -r _
        exec >/dev/null 2>&1
        while read -r pid signal; do kill -s "$signal" -- "-$pid" || kill -s "$signal" "$pid"; done <"$1/processes"
        tries=0
        while [ $tries -lt 50 ]; do
          alive=0
          while read -r pid signal; do kill -0 "$pid" && alive=1; done <"$1/processes"
          [ $alive -eq 0 ] && break
          tries=$((tries + 1))
          sleep 0.1
        done
        while read -r pid signal; do kill -s KILL -- "-$pid"; done <"$1/processes"
        rm -rf -- "$1"
        """;

    private readonly Dictionary<int, Signal> _alive = [];
    private readonly string _list;
    private readonly Process _shell;

    public Guardian(string runFolder)
    {
        _list = Path.Combine(runFolder, "processes");
        File.WriteAllText(_list, "");
        string[] command = [.. ProgramPath.Find("setsid") is { } setsid ? new[] { setsid } : [], "/bin/sh", "-c", Script, "guardian", runFolder];
        _shell = Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
    }

    /// <summary>Ends the process with <paramref name="signal"/> should the AppHost be killed.</summary>
    public void Watch(int processId, Signal signal)
    {
        lock (_alive)
        {
            _alive[processId] = signal;
            Write();
        }
    }

    /// <summary>The process has ended; its number may soon be another's.</summary>
    public void Forget(int processId)
    {
        lock (_alive)
        {
            _alive.Remove(processId);
            Write();
        }
    }

    /// <summary>Lets the shell remove the run folder and waits for it.</summary>
    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit(TimeSpan.FromSeconds(10));
        _shell.Dispose();
    }

    private void Write()
    {
        if (!Directory.Exists(Path.GetDirectoryName(_list)))
        {
            return;
        }

        // The file is swapped whole: the shell never reads half a list.
        File.WriteAllLines(_list + ".new", _alive.Select(process => $"{process.Key} {process.Value.ShellName()}"));
        File.Move(_list + ".new", _list, overwrite: true);
    }
}
