namespace Services.Tests.Operations;

/// <summary>The recording rules that come with the shop.</summary>
internal static class ShippedRules
{
    public static string Folder { get; } = Find();

    public static string Path { get; } = System.IO.Path.Combine(Folder, "degradation.rules.yml");

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(System.IO.Path.Combine(folder!.FullName, "config", "prometheus")))
        {
            folder = folder.Parent;
        }

        return System.IO.Path.Combine(folder.FullName, "config", "prometheus");
    }
}
