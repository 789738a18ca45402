namespace AppHost.Resources;

/// <summary>The recording rules that come with the shop, whichever orchestrator runs Prometheus.</summary>
internal static class PrometheusRules
{
    /// <summary>Which files of the folder are rules; their tests lie beside them.</summary>
    public const string Pattern = "*.rules.yml";

    /// <summary>The nearest folder <c>config/prometheus</c> at or above the AppHost; null where there is none, and then Prometheus only scrapes.</summary>
    public static string? Folder { get; } = Find(AppContext.BaseDirectory);

    private static string? Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "config", "prometheus");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
