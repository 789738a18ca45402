namespace AppHost.Resources;

/// <summary>etcd in a container: the store of the hot policies.</summary>
public sealed class EtcdResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    /// <summary>The port that etcd listens on for clients.</summary>
    internal const int ClientPort = 2379;

    /// <summary>The client endpoint.</summary>
    public EndpointReference PrimaryEndpoint => field ??= new EndpointReference(this, "http");

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Url)}");
}

/// <summary>Adds etcd.</summary>
public static class EtcdBuilderExtensions
{
    /// <summary>Adds a single-node etcd whose data lives as long as the container.</summary>
    public static IResourceBuilder<EtcdResource> AddEtcd(this IDistributedApplicationBuilder builder, [ResourceName] string name) =>
        builder.AddResource(new EtcdResource(name))
            .WithImage("coreos/etcd", "v3.5.21")
            .WithImageRegistry("quay.io")
            .WithEntrypoint("/usr/local/bin/etcd")
            .WithArgs(
                "--name", "etcd",
                "--listen-client-urls", $"http://0.0.0.0:{EtcdResource.ClientPort}",
                "--advertise-client-urls", $"http://localhost:{EtcdResource.ClientPort}",
                "--log-level", "warn")
            .WithHttpEndpoint(targetPort: EtcdResource.ClientPort, name: "http")
            .WithHttpHealthCheck("/health");
}
