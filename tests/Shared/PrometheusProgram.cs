namespace Tests;

/// <summary>Where Prometheus and its tools are: on PATH, else unpacked once from Debian's package.</summary>
internal static class PrometheusProgram
{
    /// <param name="program"><c>prometheus</c> or <c>promtool</c>.</param>
    public static async Task<string> FindAsync(string program, CancellationToken cancellationToken) =>
        ProgramPath.Find(program) ?? Path.Combine(await UnpackedAsync(cancellationToken), "usr", "bin", program);

    private static Task<string> UnpackedAsync(CancellationToken cancellationToken)
    {
        var package = new DebianPackage("prometheus");
        return ServerDownload.Cache().GetOrAddAsync(
            $"debian-{package.Name}", Path.GetTempPath(), staging => package.UnpackToAsync(staging, ServerDownload.Downloader(), cancellationToken));
    }
}
