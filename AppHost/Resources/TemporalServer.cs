namespace AppHost.Resources;

/// <summary>The development server of Temporal, whichever orchestrator runs it.</summary>
internal static class TemporalServer
{
    /// <summary>The program.</summary>
    public const string Program = "temporal";

    /// <summary>By what healings are found.</summary>
    private static readonly string[] SearchAttributes = ["HealingService=Keyword", "HealingErrorCode=Keyword", "HealingCause=Keyword"];

    /// <summary>Arguments, but for the ports.</summary>
    /// <param name="address">The address to listen on.</param>
    public static IEnumerable<string> Arguments(string address) =>
        ["server", "start-dev", "--ip", address, "--log-level", "warn", .. SearchAttributes.SelectMany(attribute => new[] { "--search-attribute", attribute })];
}
