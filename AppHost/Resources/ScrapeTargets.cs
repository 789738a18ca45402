namespace AppHost.Resources;

/// <summary>What Prometheus scrapes, whichever orchestrator runs it.</summary>
internal static class ScrapeTargets
{
    /// <summary>Scrapes <paramref name="targets"/>. A server given from outside is left as it is: its owner tells it what to scrape.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> WithScrapeTargets(
        this IResourceBuilder<IResourceWithConnectionString> builder, params IResourceBuilder<ProjectResource>[] targets)
    {
        if (builder.Resource is PrometheusResource prometheus)
        {
            prometheus.Targets.AddRange(targets.Select(target => target.Resource));
        }

        return builder;
    }
}
