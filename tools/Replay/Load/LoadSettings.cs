namespace Replay.Load;

/// <summary>How orders are sent: per second (0 = as fast as possible), at most in flight, and how long one may take to become terminal.</summary>
internal sealed record LoadSettings(double Rate, int Concurrency, TimeSpan Settle)
{
    /// <summary>Wait before the first look at an unfinished order; it grows by half each time.</summary>
    public TimeSpan FirstLook { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Longest wait between two looks.</summary>
    public TimeSpan SlowestLook { get; init; } = TimeSpan.FromMilliseconds(500);
}
