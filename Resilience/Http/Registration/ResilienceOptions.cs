using Microsoft.Extensions.Configuration;

namespace ResilientShop.Resilience.Http;

/// <summary>Where the policies of a process come from: what code says of a dependency, and over it what configuration says.</summary>
public sealed class ResilienceOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Resilience";

    /// <summary>The configuration to read: <c>defaults</c> and <c>dependencies:NAME</c>. Null for none.</summary>
    public IConfiguration? Configuration { get; set; }

    /// <summary>The name that this process has in policy documents; null for none.</summary>
    public string? Service { get; set; }

    /// <summary>What code says of a dependency.</summary>
    internal Dictionary<string, Func<DependencyPolicy, DependencyPolicy>> FromCode { get; } = new(StringComparer.Ordinal);

    /// <summary>Names that have a client of their own, so that they are checked and described at start.</summary>
    internal HashSet<string> Known { get; } = new(StringComparer.Ordinal);
}
