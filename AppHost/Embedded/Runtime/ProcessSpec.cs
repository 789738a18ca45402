namespace AppHost.Embedded.Runtime;

/// <summary>A program to run.</summary>
/// <param name="FileName">Path of the program.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record ProcessSpec(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>Where it runs; the AppHost's own folder when null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables set on top of what is inherited; a null value removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The user it runs as; null for the AppHost's own.</summary>
    public UnixUser? User { get; init; }

    /// <summary>The signal for an ordered end.</summary>
    public Signal StopSignal { get; init; } = Signal.Terminate;

    /// <summary>The signal it gets when the AppHost is killed.</summary>
    public Signal DeathSignal { get; init; } = Signal.Kill;

    /// <summary>How long an ordered end may take before it is forced.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A POSIX signal, by its number on Linux and macOS.</summary>
internal enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
}

/// <summary>How programs spell signals.</summary>
internal static class SignalNames
{
    /// <summary>The name that kill(1) and setpriv(1) take.</summary>
    public static string ShellName(this Signal signal) => signal switch
    {
        Signal.Interrupt => "INT",
        Signal.Quit => "QUIT",
        Signal.Terminate => "TERM",
        _ => "KILL",
    };
}
