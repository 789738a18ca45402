namespace ResilientShop.Resilience.Policies;

/// <summary>What an instance says of the policies it runs. Immutable.</summary>
public sealed record Acknowledgement
{
    /// <summary>Name of the service.</summary>
    public required string Service { get; init; }

    /// <summary>Name of the instance, alone in its store.</summary>
    public required string Instance { get; init; }

    /// <summary>The revision it runs; 0 when it runs what it was started with.</summary>
    public required long Revision { get; init; }

    /// <summary>Digest of what it runs, see <see cref="StoredPolicies.Digest"/>.</summary>
    public required string Digest { get; init; }

    /// <summary>When it took that into use.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Where what it runs comes from, for people.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The revision that it refused and did not take; null when it runs the latest it has seen.</summary>
    public long? RefusedRevision { get; init; }

    /// <summary>Why it refused that.</summary>
    public IReadOnlyList<string> RefusedBecause { get; init; } = [];

    /// <summary>What will hold only after a restart, for example numbers of connections that exist.</summary>
    public IReadOnlyList<string> AfterRestart { get; init; } = [];

    /// <summary>Keys that this instance's own configuration holds, whatever the store says.</summary>
    public IReadOnlyList<string> Pinned { get; init; } = [];

    /// <summary>Why the store cannot be read just now; null while it can.</summary>
    public string? StoreProblem { get; init; }
}
