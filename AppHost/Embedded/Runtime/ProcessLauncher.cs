using System.Collections.Concurrent;
using System.Diagnostics;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// Starts processes so that none outlives the AppHost: each in a session of its own (a Ctrl-C reaches only the AppHost, which stops
/// them in order) and with a parent-death signal, which the kernel sends even when the AppHost is killed hard.
/// </summary>
/// <remarks>
/// The kernel ties the parent-death signal to the <em>thread</em> that forked, and pool threads come and go.
/// All starts therefore happen on one thread that lives as long as this object.
/// </remarks>
internal sealed class ProcessLauncher : IDisposable
{
    private readonly BlockingCollection<Action> _starts = [];
    private readonly string? _setsid = ProgramPath.Find("setsid");
    private readonly string? _setpriv = ProgramPath.Find("setpriv");

    public ProcessLauncher()
    {
        var thread = new Thread(() =>
        {
            foreach (var start in _starts.GetConsumingEnumerable())
            {
                start();
            }
        })
        { Name = "process launcher", IsBackground = true };
        thread.Start();
    }

    /// <summary>Whether processes can be run as another user here.</summary>
    public bool CanSwitchUser => _setpriv is not null;

    /// <summary>Starts a process with redirected output.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The program could not be started.</exception>
    public Task<Process> StartAsync(ProcessSpec spec)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(StartInfo(spec))!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    public void Dispose() => _starts.CompleteAdding();

    private ProcessStartInfo StartInfo(ProcessSpec spec)
    {
        var command = Wrapped(spec).ToArray();
        var info = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = spec.WorkingDirectory ?? AppContext.BaseDirectory,
        };
        foreach (var name in InheritedEnvironment.NotForChildren(info.Environment.Keys))
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in spec.Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private IEnumerable<string> Wrapped(ProcessSpec spec)
    {
        if (_setsid is not null)
        {
            yield return _setsid;
        }

        if (_setpriv is not null)
        {
            yield return _setpriv;
            if (spec.User is { } user)
            {
                yield return $"--reuid={user.UserId}";
                yield return $"--regid={user.GroupId}";
                yield return "--clear-groups";
            }

            yield return $"--pdeathsig={spec.DeathSignal.ShellName()}";
            yield return "--";
        }

        yield return spec.FileName;
        foreach (var argument in spec.Arguments)
        {
            yield return argument;
        }
    }
}
