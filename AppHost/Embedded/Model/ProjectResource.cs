using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Model;

/// <summary>A .NET project of the solution, run as one process a replica.</summary>
public sealed class ProjectResource(string name, IProjectMetadata metadata)
    : Resource(name), IResourceWithEnvironment, IResourceWithServiceDiscovery, IResourceWithWaitSupport
{
    internal override string ResourceType => "Project";

    internal IProjectMetadata Metadata { get; } = metadata;

    internal override IWorkload CreateWorkload(EmbeddedHost host) => new ProjectWorkload(this, host);
}

/// <summary>Adds projects.</summary>
public static class ProjectResourceBuilderExtensions
{
    /// <summary>Adds the project that <typeparamref name="TProject"/> describes.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() =>
        builder.AddResource(new ProjectResource(name, new TProject()));

    /// <summary>Runs so many instances. Callers find all of them by service discovery and share the load among them.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        builder.Resource.Replicas = replicas;
        return builder;
    }
}
