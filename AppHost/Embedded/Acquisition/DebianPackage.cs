using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Acquisition;

/// <summary>A program that Debian packages. It is unpacked into a folder: nothing is installed and no root is needed.</summary>
/// <param name="Name">Name of the package.</param>
internal sealed record DebianPackage(string Name)
{
    /// <summary>Downloads the package from the machine's apt sources and unpacks it to <paramref name="folder"/>.</summary>
    /// <exception cref="ResourceMissingException">This is no Debian, or apt could not get the package.</exception>
    public async Task UnpackToAsync(string folder, Downloader downloader, CancellationToken cancellationToken)
    {
        if (ProgramPath.Find("apt-get") is not { } apt || ProgramPath.Find("dpkg-deb") is not { } dpkg)
        {
            throw new ResourceMissingException($"there is no apt-get here to download {Name} with.");
        }

        var lists = Path.Combine(folder, "apt");
        if (!await DownloadAsync(apt, [], folder, downloader, cancellationToken))
        {
            // A machine that never ran "apt-get update" has no package lists. Ours are made in a folder of our own.
            await UpdateAsync(apt, lists, downloader, cancellationToken);
            if (!await DownloadAsync(apt, PrivateLists(lists), folder, downloader, cancellationToken))
            {
                throw new ResourceMissingException($"apt-get could not download {Name}. Check the machine's apt sources and network.");
            }
        }

        var archive = Directory.EnumerateFiles(folder, "*.deb").First();
        var (exitCode, lastLine) = await downloader.RunAsync(
            $"unpacking {Name}", new ProcessSpec(dpkg, ["-x", archive, folder]), cancellationToken);
        if (exitCode != 0)
        {
            throw new ResourceMissingException($"{Name} could not be unpacked: {lastLine}");
        }

        File.Delete(archive);
        if (Directory.Exists(lists))
        {
            Directory.Delete(lists, recursive: true);
        }
    }

    private async Task<bool> DownloadAsync(string apt, string[] options, string folder, Downloader downloader, CancellationToken cancellationToken)
    {
        var (exitCode, _) = await downloader.RunAsync(
            $"downloading {Name} with apt-get (once)",
            new ProcessSpec(apt, [.. options, "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30", "-qq", "download", Name]) { WorkingDirectory = folder },
            cancellationToken);
        return exitCode == 0 && Directory.EnumerateFiles(folder, "*.deb").Any();
    }

    private static async Task UpdateAsync(string apt, string lists, Downloader downloader, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(lists, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(lists, "cache", "archives", "partial"));
        await downloader.RunAsync(
            "reading apt's package lists (once)",
            new ProcessSpec(apt, [.. PrivateLists(lists), "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30", "-o", "Acquire::Languages=none", "-qq", "update"]),
            cancellationToken);
    }

    private static string[] PrivateLists(string lists) =>
    [
        "-o", $"Dir::State={lists}", "-o", $"Dir::State::lists={Path.Combine(lists, "lists")}", "-o", "Dir::State::status=/var/lib/dpkg/status",
        "-o", $"Dir::Cache={Path.Combine(lists, "cache")}", "-o", "Debug::NoLocking=1",
    ];
}
