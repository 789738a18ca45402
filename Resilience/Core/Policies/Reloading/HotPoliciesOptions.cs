namespace ResilientShop.Resilience.Policies;

/// <summary>Who follows the policies, and what else happens with them.</summary>
public sealed class HotPoliciesOptions
{
    /// <summary>Name of the service in policies and acknowledgements.</summary>
    public required string Service { get; init; }

    /// <summary>Name of the instance, alone among those of its service.</summary>
    public required string Instance { get; init; }

    /// <summary>Where the policies that the process was started with come from, for people.</summary>
    public string Origin { get; init; } = "the start";

    /// <summary>Keys that the instance's own configuration holds, whatever the store says.</summary>
    public IReadOnlyList<string> Pinned { get; init; } = [];

    /// <summary>What the process has clients for. One that the topology does not name is a warning: no sum of the linter includes it.</summary>
    public IReadOnlyCollection<string> Clients { get; init; } = [];

    /// <summary>Whether this instance fills a store that it finds empty with what it runs: the shipped policies at first, the last good ones after the store was lost.</summary>
    public bool SeedsEmptyStore { get; init; }

    /// <summary>Checks more than the document itself; throws <see cref="PolicyInvalidException"/>.</summary>
    public Action<PolicyDocument>? Check { get; init; }

    /// <summary>Told what is in force now, for example to keep it on disk.</summary>
    public Action<StoredPolicies>? Applied { get; init; }
}
