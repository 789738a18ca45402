namespace AppHost.Resources;

/// <summary>Prometheus in a container; it scrapes <c>/metrics</c> of the services once a second, with the recording rules of <c>config/prometheus</c>.</summary>
public sealed class PrometheusResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    /// <summary>The port that Prometheus listens on.</summary>
    internal const int WebPort = 9090;

    /// <summary>The endpoint of its API and pages.</summary>
    public EndpointReference PrimaryEndpoint => field ??= new EndpointReference(this, "http");

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Url)}");

    /// <summary>The services to scrape.</summary>
    internal List<ProjectResource> Targets { get; } = [];
}

/// <summary>Adds Prometheus.</summary>
public static class PrometheusBuilderExtensions
{
    private const string RulesFolder = "/etc/prometheus/rules";

    // Where the services listen is known only when everything starts, so the container writes its settings from its environment.
    private const string Start =
        """
        printf '%s\n' "$SETTINGS" > /tmp/prometheus.yml
        exec /bin/prometheus --config.file=/tmp/prometheus.yml --storage.tsdb.path=/prometheus --storage.tsdb.retention.time=2h --log.level=warn
        """;

    /// <summary>Adds a Prometheus server whose data lives as long as the container.</summary>
    public static IResourceBuilder<PrometheusResource> AddPrometheus(this IDistributedApplicationBuilder builder, [ResourceName] string name)
    {
        var prometheus = builder.AddResource(new PrometheusResource(name))
            .WithImage("prom/prometheus", "v3.5.0")
            .WithEntrypoint("/bin/sh")
            .WithArgs("-c", Start)
            .WithEnvironment(context => context.EnvironmentVariables["SETTINGS"] = Settings(((PrometheusResource)context.Resource).Targets))
            .WithHttpEndpoint(targetPort: PrometheusResource.WebPort, name: "http")
            .WithHttpHealthCheck("/-/ready");
        return PrometheusRules.Folder is { } rules ? prometheus.WithBindMount(rules, RulesFolder, isReadOnly: true) : prometheus;
    }

    private static ReferenceExpression Settings(IEnumerable<ProjectResource> targets)
    {
        var settings = new ReferenceExpressionBuilder();
        settings.AppendLiteral(
            $"""
            global:
              scrape_interval: 1s
              scrape_timeout: 1s
              evaluation_interval: 1s
            rule_files: ['{RulesFolder}/{PrometheusRules.Pattern}']
            scrape_configs:
              - job_name: shop
                static_configs:

            """);
        foreach (var target in targets)
        {
            settings.AppendLiteral("      - targets: ['");
            settings.Append($"{new EndpointReference(target, "http").Property(EndpointProperty.HostAndPort)}");
            settings.AppendLiteral($"']\n        labels: {{ service: {target.Name} }}\n");
        }

        return settings.Build();
    }
}
