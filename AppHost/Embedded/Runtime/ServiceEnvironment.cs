using System.Globalization;
using AppHost.Embedded.Model;

namespace AppHost.Embedded.Runtime;

/// <summary>The variables by which a service learns where it listens, whom it may call and where its telemetry goes. Most names are Aspire's.</summary>
internal static class ServiceEnvironment
{
    public static IReadOnlyDictionary<string, string?> Of(ProjectResource project, ResourceInstance instance, EmbeddedHost host)
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        AddEndpoints(variables, project, instance.Replica, host.Ports);
        AddReferences(variables, project, host.Ports);
        AddTelemetry(variables, project, instance, host.Otlp);

        // What a service keeps for its own restart goes away with the application.
        variables["Policies__CacheFolder"] = Path.Combine(host.RunPath, "policies");
        foreach (var (name, value) in project.Environment)
        {
            variables[name] = value;
        }

        return variables;
    }

    private static void AddEndpoints(Dictionary<string, string?> variables, ProjectResource project, int replica, PortAllocator ports)
    {
        var urls = new List<string>();
        foreach (var endpoint in project.Endpoints)
        {
            var port = endpoint.PortOf(replica, ports).ToString(CultureInfo.InvariantCulture);
            if (endpoint.Env is { } name)
            {
                variables[name] = port;
            }
            else
            {
                urls.Add($"http://localhost:{port}");
            }
        }

        variables["ASPNETCORE_URLS"] = string.Join(';', urls);
    }

    private static void AddReferences(Dictionary<string, string?> variables, ProjectResource project, PortAllocator ports)
    {
        foreach (var reference in project.References)
        {
            if (reference is IResourceWithConnectionString { ConnectionString: { } connectionString })
            {
                variables[$"ConnectionStrings__{reference.Name}"] = connectionString;
            }

            if (reference is IResourceWithServiceDiscovery)
            {
                foreach (var endpoint in reference.Endpoints)
                {
                    for (var replica = 0; replica < reference.Replicas; replica++)
                    {
                        variables[$"services__{reference.Name}__{endpoint.Name}__{replica}"] = $"http://localhost:{endpoint.PortOf(replica, ports)}";
                    }
                }
            }
        }
    }

    private static void AddTelemetry(Dictionary<string, string?> variables, ProjectResource project, ResourceInstance instance, OtlpTarget? otlp)
    {
        variables["OTEL_SERVICE_NAME"] = project.Name;

        // The dashboard joins name and instance id to find the resource that telemetry came from.
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance.Replica + 1}";
        if (otlp is not null)
        {
            variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp.Endpoint;
            variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
            variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={otlp.ApiKey}";
            variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_METRIC_EXPORT_INTERVAL"] = "5000";
        }
    }
}
