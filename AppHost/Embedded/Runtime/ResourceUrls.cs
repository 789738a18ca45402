using ResilientShop.AppHost.Embedded.Model;

namespace ResilientShop.AppHost.Embedded.Runtime;

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
    public static IReadOnlyList<ResourceUrl> Of(ResourceInstance instance, PortAllocator ports) =>
        instance.Resource is IResourceWithUrl { Url: { } url }
            ? [new ResourceUrl("http", url)]
            : [.. instance.Resource.Endpoints.Select(endpoint => new ResourceUrl(endpoint.Name, $"http://localhost:{endpoint.PortOf(instance.Replica, ports)}"))];
}
