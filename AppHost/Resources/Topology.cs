namespace AppHost.Resources;

/// <summary>The services of the shop, as they are added. Of the AppHost's start, and not thread-safe.</summary>
/// <param name="builder">The application.</param>
/// <param name="asService">Gives a project what every service has: health, policies, keys.</param>
public sealed class Topology(IDistributedApplicationBuilder builder, Func<IResourceBuilder<ProjectResource>, IResourceBuilder<ProjectResource>> asService)
{
    private readonly List<IResourceBuilder<ProjectResource>> _services = [];

    /// <summary>The application, for other resources.</summary>
    public IDistributedApplicationBuilder Builder => builder;

    /// <summary>All services so far.</summary>
    public IReadOnlyList<IResourceBuilder<ProjectResource>> Services => _services;

    /// <summary>Adds a service.</summary>
    /// <typeparam name="TProject">The project.</typeparam>
    /// <param name="name">Its name, by which others find it.</param>
    /// <param name="port">Its port; null for any free one.</param>
    public IResourceBuilder<ProjectResource> AddService<TProject>(string name, int? port = null)
        where TProject : IProjectMetadata, new()
    {
        var service = asService(builder.AddProject<TProject>(name).WithHttpEndpoint(port: port));
        _services.Add(service);
        return service;
    }

    /// <summary>Adds what this assembly's <see cref="ITopologyPart"/>s say, in the order of their names.</summary>
    public void AddParts()
    {
        foreach (var part in typeof(Topology).Assembly.GetTypes().Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(ITopologyPart))).OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            ((ITopologyPart)Activator.CreateInstance(part)!).AddTo(this);
        }
    }
}

/// <summary>A part of the topology in a file of its own: what is added later needs no change of <c>AppHost.cs</c>. It has a constructor without parameters.</summary>
public interface ITopologyPart
{
    /// <summary>Adds it.</summary>
    void AddTo(Topology topology);
}
