namespace AppHost.Embedded.Runtime;

/// <summary>What is known of an instance at one moment. Immutable; swapped whole.</summary>
internal sealed record ResourceSnapshot
{
    public ResourceState State { get; init; } = ResourceState.NotStarted;

    /// <summary>Null before the first check, "" when healthy, else what is wrong.</summary>
    public string? HealthProblem { get; init; }

    /// <summary>When health was last asked for.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Why it is not running, in one line.</summary>
    public string? Reason { get; init; }

    public int? ProcessId { get; init; }

    public ProcessSpec? Spec { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoppedAt { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>How often it was started again after it ended by itself.</summary>
    public int Restarts { get; init; }

    public bool IsHealthy => State == ResourceState.Running && HealthProblem is "";
}

/// <summary>The states of an instance; the names are those that Aspire's dashboard knows.</summary>
internal enum ResourceState
{
    NotStarted,
    Waiting,
    Starting,
    Running,
    Stopping,
    Exited,

    /// <summary>It cannot be had on this machine; the application runs with less.</summary>
    Unavailable,
    FailedToStart,
}

/// <summary>What an operator asks of an instance.</summary>
internal enum InstanceCommand
{
    Start,
    Stop,
    Restart,
    Kill,
}
