using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>How a process comes to its policies.</summary>
public sealed class HotPolicyOptions
{
    /// <summary>Name of the service in policies and acknowledgements.</summary>
    public string Service { get; set; } = "";

    /// <summary>Name of the instance, alone among those of its service.</summary>
    public string Instance { get; set; } = "";

    /// <summary>Folder with the policies to start with; null for the library's defaults.</summary>
    public string? Folder { get; set; }

    /// <summary>File that keeps the last good policies over restarts; null for none.</summary>
    public string? CacheFile { get; set; }

    /// <summary>Makes the store that is followed; null to stay with the policies of the start. It is disposed of with the host.</summary>
    public Func<IServiceProvider, IPolicyStore>? Store { get; set; }

    /// <summary>Whether this instance fills a store that it finds empty with the policies it runs.</summary>
    public bool SeedsEmptyStore { get; set; }

    /// <summary>How long the start waits to hear of the store. Default 1 s: a store that is away must not keep a service from starting.</summary>
    public TimeSpan StartPatience { get; set; } = TimeSpan.FromSeconds(1);
}
