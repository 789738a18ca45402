using System.Security.Cryptography;
using AppHost.Embedded.Dashboard;
using AppHost.Embedded.Model;
using AppHost.Embedded.Runtime;

namespace AppHost.Resources;

/// <summary>Aspire's own dashboard. Resources come from our resource service, telemetry from the services over OTLP.</summary>
public sealed class DashboardResource : Resource, IResourceWithUrl, IOtlpReceiver
{
    private readonly string _otlpKey = NewKey();
    private volatile string? _url;
    private volatile OtlpTarget? _target;

    internal DashboardResource(string name, int? port)
        : base(name)
    {
        Endpoints.Add(new EndpointAnnotation("http", port, Env: null));
        Endpoints.Add(new EndpointAnnotation("otlp", Port: null, Env: null));
        Endpoints.Add(new EndpointAnnotation("resources", Port: null, Env: null));
    }

    /// <inheritdoc/>
    public string? Url => _url;

    /// <inheritdoc/>
    OtlpTarget? IOtlpReceiver.Target => _target;

    internal override string ResourceType => "Executable";

    /// <summary>Proves to the resource service that the dashboard asks.</summary>
    internal string ResourceServiceKey { get; } = NewKey();

    internal override IWorkload CreateWorkload(EmbeddedHost host)
    {
        _url = $"http://localhost:{Endpoints[0].PortOf(0, host.Ports)}";
        _target = new OtlpTarget($"http://127.0.0.1:{Endpoints[1].PortOf(0, host.Ports)}", _otlpKey);
        return new DashboardWorkload(this, host);
    }

    /// <summary>There is no dashboard on this machine: services need not send telemetry to it.</summary>
    internal void GiveUp() => _target = null;

    private static string NewKey() => Convert.ToHexString(RandomNumberGenerator.GetBytes(16)).ToLowerInvariant();
}

/// <summary>Adds the dashboard.</summary>
public static class DashboardBuilderExtensions
{
    /// <summary>Shows the application in Aspire's dashboard on the port of <c>Ports__Dashboard</c>, or <paramref name="defaultPort"/>.</summary>
    public static IDistributedApplicationBuilder UseDashboardPort(this IDistributedApplicationBuilder builder, int defaultPort)
    {
        builder.AddResource(new DashboardResource("dashboard", builder.FixedPort("Dashboard", defaultPort)));
        return builder;
    }

    /// <summary>Writes the addresses to the file of <c>--ready-file</c> once everything is healthy. The embedded host always does.</summary>
    public static IDistributedApplicationBuilder AddReadyFile(this IDistributedApplicationBuilder builder, params IResourceBuilder<ProjectResource>[] services) => builder;
}
