namespace DeadLetters;

/// <summary>What the tool ends with.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Refused, or not all of it was done.</summary>
    public const int Refused = 1;

    public const int Usage = 2;

    /// <summary>Operations cannot be reached, or lets nobody in.</summary>
    public const int NoAccess = 4;

    public const int Interrupted = 130;
}
