namespace Tests;

/// <summary>Where etcd is: on PATH, else unpacked once from Debian's package.</summary>
internal static class EtcdProgram
{
    public static async Task<string> FindAsync(CancellationToken cancellationToken) =>
        ProgramPath.Find("etcd") ?? Path.Combine(await UnpackedAsync(cancellationToken), "usr", "bin", "etcd");

    private static Task<string> UnpackedAsync(CancellationToken cancellationToken)
    {
        var package = new DebianPackage("etcd-server");
        return ServerDownload.Cache().GetOrAddAsync(
            $"debian-{package.Name}", Path.GetTempPath(), staging => package.UnpackToAsync(staging, ServerDownload.Downloader(), cancellationToken));
    }
}
