namespace AppHost.Embedded.Runtime;

/// <summary>What the AppHost's own environment says about the AppHost, and must not say to the processes it starts.</summary>
internal static class InheritedEnvironment
{
    private static readonly string[] Prefixes =
    [
        "ASPNETCORE_", "ASPIRE_", "ConnectionStrings__", "DASHBOARD__", "DOTNET_DASHBOARD_", "Embedded__", "KESTREL__", "OTEL_", "Ports__", "services__",
    ];

    private static readonly string[] Names = ["DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE", "DOTNET_URLS", "Orchestrator", "URLS", "HTTP_PORTS", "HTTPS_PORTS"];

    /// <summary>Those of <paramref name="names"/> that are for the AppHost alone.</summary>
    public static IReadOnlyList<string> NotForChildren(IEnumerable<string> names) =>
        [.. names.Where(name =>
            Names.Contains(name, StringComparer.OrdinalIgnoreCase)
            || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))];
}
