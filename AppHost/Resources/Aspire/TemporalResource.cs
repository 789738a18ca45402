namespace AppHost.Resources;

/// <summary>A development server of Temporal in a container: it runs the healings.</summary>
public sealed class TemporalResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    /// <summary>The port that Temporal listens on for clients and workers.</summary>
    internal const int GrpcPort = 7233;

    /// <summary>The port of its pages.</summary>
    internal const int UiPort = 8233;

    /// <summary>The endpoint of clients and workers.</summary>
    public EndpointReference PrimaryEndpoint => field ??= new EndpointReference(this, "grpc");

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}");
}

/// <summary>Adds Temporal.</summary>
public static class TemporalBuilderExtensions
{
    /// <summary>Adds a development server of Temporal whose data lives as long as the container.</summary>
    public static IResourceBuilder<TemporalResource> AddTemporal(this IDistributedApplicationBuilder builder, [ResourceName] string name) =>
        builder.AddResource(new TemporalResource(name))
            .WithImage("temporalio/temporal", "1.8.3")
            .WithArgs(TemporalServer.Arguments("0.0.0.0").ToArray())
            .WithEndpoint(targetPort: TemporalResource.GrpcPort, name: "grpc", scheme: "tcp")
            .WithHttpEndpoint(targetPort: TemporalResource.UiPort, name: "ui")
            .WithHttpHealthCheck("/", endpointName: "ui");
}
