using Microsoft.Extensions.Configuration;

namespace AppHost.Embedded.Runtime;

/// <summary>Settings of the embedded host.</summary>
internal sealed record EmbeddedOptions
{
    /// <summary>Where downloaded servers are kept for the next run (<c>Embedded__CachePath</c>).</summary>
    public required string CachePath { get; init; }

    /// <summary>Where to write the addresses once everything is healthy (<c>--ready-file</c>).</summary>
    public string? ReadyFile { get; init; }

    /// <summary>Whether the lines of the resources are printed (<c>Embedded__Quiet=true</c> leaves them to the dashboard).</summary>
    public bool Quiet { get; init; }

    public static EmbeddedOptions From(IConfiguration configuration) => new()
    {
        CachePath = configuration["Embedded:CachePath"] is { Length: > 0 } path ? Path.GetFullPath(path) : DefaultCachePath(),
        ReadyFile = configuration["ready-file"] is { Length: > 0 } file ? Path.GetFullPath(file) : null,
        Quiet = string.Equals(configuration["Embedded:Quiet"], "true", StringComparison.OrdinalIgnoreCase),
    };

    /// <summary>Where downloads are kept when no setting says otherwise.</summary>
    public static string DefaultCachePath()
    {
        // Root's home is closed to the user that PostgreSQL has to run as; the system's cache folder is not.
        var root = Posix.IsRoot
            ? "/var/cache"
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
                ? cache
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "resilientshop");
    }
}
