namespace AppHost.Embedded.Runtime;

/// <summary>What an instance of a resource runs; it is started and stopped as often as it is asked to.</summary>
internal interface IWorkload
{
    /// <summary>Whether the application stops when this cannot be had; else it runs with less.</summary>
    bool IsRequired { get; }

    /// <summary>What is run, in a few words, for the dashboard's source column.</summary>
    string Source { get; }

    /// <summary>Starts it. Returns when it is on its way; health is asked for separately.</summary>
    /// <exception cref="ResourceMissingException">It cannot be had on this machine.</exception>
    Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken);

    /// <summary>Null when healthy, else what is wrong in a few words.</summary>
    Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken);
}

/// <summary>A started workload.</summary>
internal interface IRunningWorkload
{
    /// <summary>Process id, or null for what runs inside the AppHost.</summary>
    int? ProcessId { get; }

    /// <summary>Command line, for the dashboard.</summary>
    ProcessSpec? Spec { get; }

    /// <summary>Ends with the exit code when the workload ends, for whatever reason.</summary>
    Task<int> Exited { get; }

    /// <summary>Asks for an ordered end and forces it after a while.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Ends it at once, as a crash would.</summary>
    void Kill();
}
