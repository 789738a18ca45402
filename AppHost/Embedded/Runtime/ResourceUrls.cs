using AppHost.Embedded.Model;

namespace AppHost.Embedded.Runtime;

/// <summary>An address of an instance that a person can open or a client can use.</summary>
internal readonly record struct ResourceUrl(string Endpoint, string Address);

/// <summary>A resource that is no project and has an address to show.</summary>
internal interface IResourceWithUrl
{
    string? Url { get; }
}

/// <summary>Tells the addresses of instances.</summary>
internal static class ResourceUrls
{
    /// <summary>The address of a resource that runs; null when it does not, or has none.</summary>
    public static string? Of(string name, EmbeddedHost host) =>
        host.Instances.FirstOrDefault(instance => instance.Resource.Name == name && instance.Snapshot.State is ResourceState.Running) is { } instance
            ? Of(instance, host.Ports).Select(url => url.Address).FirstOrDefault()
            : null;

    public static IReadOnlyList<ResourceUrl> Of(ResourceInstance instance, PortAllocator ports) =>
        instance.Resource is IResourceWithUrl { Url: { } url }
            ? [new ResourceUrl("http", url)]
            : [.. instance.Resource.Endpoints.Select(endpoint => new ResourceUrl(endpoint.Name, $"http://localhost:{endpoint.PortOf(instance.Replica, ports)}"))];
}
