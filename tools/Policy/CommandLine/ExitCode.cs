namespace Policy.CommandLine;

/// <summary>How the process ends.</summary>
internal static class ExitCode
{
    /// <summary>Done; where instances are asked for, all of them run it.</summary>
    public const int Ok = 0;

    /// <summary>The document is invalid or contradictory, or the change to it was refused; nothing was written. Also what --exit-code gives for a difference.</summary>
    public const int Refused = 1;

    /// <summary>The command line is not right, or names what is not there; nothing was written.</summary>
    public const int Usage = 2;

    /// <summary>Written, but not every live instance runs it.</summary>
    public const int NotEverywhere = 3;

    /// <summary>The store cannot be reached, or refuses us.</summary>
    public const int NoStore = 4;

    /// <summary>The store has changed since the revision that the change was made from; nothing was written.</summary>
    public const int Conflict = 5;

    /// <summary>Interrupted by Ctrl-C or a termination signal.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit code for what went wrong with a store.</summary>
    public static int Of(PolicyStoreFailure failure) => failure switch
    {
        PolicyStoreFailure.Conflict => Conflict,
        PolicyStoreFailure.UnknownRevision or PolicyStoreFailure.Compacted => Usage,
        _ => NoStore,
    };
}
