namespace AppHost.Embedded.Model;

/// <summary>The part of Aspire's resource configuration that <c>AppHost.cs</c> uses.</summary>
public static class ResourceBuilderExtensions
{
    /// <summary>Gives the resource an HTTP endpoint. Without <paramref name="port"/> any free one, the same over restarts.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="port">A fixed port; only for resources with one replica.</param>
    /// <param name="name">Name of the endpoint; <c>http</c> when not given.</param>
    /// <param name="env">Variable that tells the port; when given, the endpoint is not part of <c>ASPNETCORE_URLS</c>.</param>
    public static IResourceBuilder<T> WithHttpEndpoint<T>(this IResourceBuilder<T> builder, int? port = null, string? name = null, string? env = null)
        where T : IResourceWithEndpoints
    {
        var resource = builder.Described();
        var endpointName = name ?? "http";
        if (resource.Endpoints.Any(endpoint => endpoint.Name == endpointName))
        {
            throw new InvalidOperationException($"Resource '{resource.Name}' has an endpoint '{endpointName}' already. Give the second one another name.");
        }

        resource.Endpoints.Add(new EndpointAnnotation(endpointName, port, env));
        return builder;
    }

    /// <summary>Counts the resource as healthy while a GET of <paramref name="path"/> is answered with 200.</summary>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, string path, string endpointName = "http")
        where T : IResourceWithEndpoints
    {
        builder.Described().HealthCheck = new HttpHealthCheckAnnotation(path, endpointName);
        return builder;
    }

    /// <summary>Sets an environment variable.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment
    {
        builder.Described().Environment.Add(new(name, value));
        return builder;
    }

    /// <summary>Gives the connection string of <paramref name="source"/> as <c>ConnectionStrings__&lt;name&gt;</c>.</summary>
    public static IResourceBuilder<T> WithReference<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithConnectionString> source)
        where T : IResourceWithEnvironment
    {
        builder.Described().References.Add(source.Described());
        return builder;
    }

    /// <summary>Gives the addresses of <paramref name="source"/> as <c>services__&lt;name&gt;__&lt;endpoint&gt;__&lt;replica&gt;</c>.</summary>
    public static IResourceBuilder<T> WithReference<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where T : IResourceWithEnvironment
    {
        builder.Described().References.Add(source.Described());
        return builder;
    }

    /// <summary>Starts the resource only when all instances of <paramref name="dependency"/> are healthy.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport
    {
        builder.Described().WaitsFor.Add(dependency.Described());
        return builder;
    }

    internal static Resource Described<T>(this IResourceBuilder<T> builder)
        where T : IResource =>
        builder.Resource as Resource
        ?? throw new InvalidOperationException($"Resource '{builder.Resource.Name}' is of no kind that the embedded host runs.");
}
