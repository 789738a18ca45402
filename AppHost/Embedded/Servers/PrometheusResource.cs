using System.Globalization;
using System.Text.Json;
using AppHost.Embedded.Acquisition;
using AppHost.Embedded.Model;
using AppHost.Embedded.Runtime;
using AppHost.Embedded.Servers;

namespace AppHost.Resources;

/// <summary>A real Prometheus that scrapes <c>/metrics</c> of every service instance once a second, with the recording rules of <c>config/prometheus</c>.</summary>
public sealed class PrometheusResource : Resource, IResourceWithConnectionString, IResourceWithUrl
{
    private volatile string? _connectionString;

    internal PrometheusResource(string name)
        : base(name) =>
        Endpoints.Add(new EndpointAnnotation("http", Port: null, Env: null));

    /// <inheritdoc/>
    public string? ConnectionString => _connectionString;

    /// <inheritdoc/>
    public string? Url => _connectionString;

    internal override string ResourceType => "Prometheus";

    /// <summary>The services to scrape.</summary>
    internal List<Resource> Targets { get; } = [];

    internal override IWorkload CreateWorkload(EmbeddedHost host)
    {
        // Known before it runs: who refers to it need not wait for it.
        _connectionString = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Endpoints[0].PortOf(0, host.Ports)}");
        return new Workload(this, host);
    }

    private sealed class Workload(PrometheusResource prometheus, EmbeddedHost host) : IWorkload
    {
        private string? _program;

        public bool IsRequired => false;

        public string Source => _program ?? "Prometheus";

        public async Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            _program ??= await FindAsync(instance, cancellationToken);
            var port = prometheus.Endpoints[0].PortOf(0, host.Ports);
            var folder = Path.Combine(host.RunPath, instance.Name);
            Directory.CreateDirectory(folder);
            await WriteSettingsAsync(folder, cancellationToken);
            host.Ports.Release(port);
            return await RunningProcess.StartAsync(
                host,
                new ProcessSpec(_program,
                [
                    $"--config.file={Path.Combine(folder, "prometheus.yml")}",
                    $"--storage.tsdb.path={Path.Combine(folder, "data")}",
                    "--storage.tsdb.retention.time=2h",
                    $"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=warn",
                ]),
                instance.Log);
        }

        private async Task<string> FindAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            try
            {
                return await DebianProgram.FindAsync(
                    "prometheus", new DebianPackage("prometheus"), "The shop runs without metric history; /metrics of each service still answers.", host, instance, cancellationToken);
            }
            catch (ResourceMissingException)
            {
                prometheus._connectionString = null;
                throw;
            }
        }

        public async Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            using var answer = await host.Http.GetAsync($"{prometheus._connectionString}/-/ready", cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"/-/ready answers {(int)answer.StatusCode}";
        }

        private async Task WriteSettingsAsync(string folder, CancellationToken cancellationToken)
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, "prometheus.yml"),
                """
                global:
                  scrape_interval: 1s
                  scrape_timeout: 1s
                  evaluation_interval: 1s
                scrape_configs:
                  - job_name: shop
                    file_sd_configs:
                      - files: [targets.json]

                """ + RuleFiles(),
                cancellationToken);
            var targets = prometheus.Targets.SelectMany(target => Enumerable.Range(0, target.Replicas).Select(replica => new
            {
                targets = new[] { string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{target.Endpoints[0].PortOf(replica, host.Ports)}") },
                labels = new { service = target.Name, instance = $"{target.Name}-{replica + 1}" },
            }));
            await File.WriteAllTextAsync(Path.Combine(folder, "targets.json"), JsonSerializer.Serialize(targets), cancellationToken);
        }

        // JSON is YAML, whatever the path holds.
        private static string RuleFiles() =>
            PrometheusRules.Folder is { } rules ? $"rule_files: {JsonSerializer.Serialize(new[] { Path.Combine(rules, PrometheusRules.Pattern) })}\n" : "";
    }
}

/// <summary>Adds Prometheus.</summary>
public static class PrometheusBuilderExtensions
{
    /// <summary>Adds a Prometheus server.</summary>
    public static IResourceBuilder<PrometheusResource> AddPrometheus(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new PrometheusResource(name));
}
