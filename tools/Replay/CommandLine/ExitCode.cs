namespace Replay.CommandLine;

/// <summary>How the process ends.</summary>
internal static class ExitCode
{
    /// <summary>The books balance.</summary>
    public const int Balanced = 0;

    /// <summary>The books do not balance.</summary>
    public const int NotBalanced = 1;

    /// <summary>The command line, the file, the gateway or the shop that was to be started is not right; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>Interrupted by Ctrl-C or a termination signal.</summary>
    public const int Interrupted = 130;
}
