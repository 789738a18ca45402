using AppHost.Embedded.Acquisition;
using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Servers;

/// <summary>A server program from PATH, else from a Debian package unpacked into the cache folder.</summary>
internal static class DebianProgram
{
    /// <summary>Finds or downloads <paramref name="program"/>.</summary>
    /// <exception cref="ResourceMissingException">It cannot be had; the message ends with <paramref name="whatIsLost"/>.</exception>
    public static async Task<string> FindAsync(
        string program, DebianPackage package, string whatIsLost, EmbeddedHost host, ResourceInstance instance, CancellationToken cancellationToken)
    {
        if (ProgramPath.Find(program) is { } installed)
        {
            return installed;
        }

        try
        {
            var folder = await host.Cache.GetOrAddAsync(
                $"debian-{package.Name}", host.RunPath, staging => package.UnpackToAsync(staging, instance.Downloader(), cancellationToken));
            return Path.Combine(folder, "usr", "bin", program);
        }
        catch (ResourceMissingException missing)
        {
            throw new ResourceMissingException($"{program} is not on PATH, and {missing.Message} {whatIsLost}");
        }
    }
}
