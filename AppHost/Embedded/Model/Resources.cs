namespace AppHost.Embedded.Model;

/// <summary>Something that the application consists of. The names in this folder are Aspire's; so are their meanings.</summary>
public interface IResource
{
    /// <summary>The name of the resource, unique in the application.</summary>
    string Name { get; }
}

/// <summary>A resource that gets environment variables.</summary>
public interface IResourceWithEnvironment : IResource;

/// <summary>A resource that waits for others before it starts.</summary>
public interface IResourceWithWaitSupport : IResource;

/// <summary>A resource that listens.</summary>
public interface IResourceWithEndpoints : IResource;

/// <summary>A resource whose endpoints other resources find by its name.</summary>
public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

/// <summary>A resource that others reach by a connection string.</summary>
public interface IResourceWithConnectionString : IResource
{
    /// <summary>The connection string, or null when the resource is not to be had on this machine.</summary>
    string? ConnectionString { get; }
}

/// <summary>Where a project is and what its build made.</summary>
public interface IProjectMetadata
{
    /// <summary>Path of the project file.</summary>
    string ProjectPath { get; }

    /// <summary>Path of the built assembly.</summary>
    string TargetPath { get; }
}

/// <summary>Configures <typeparamref name="T"/> while the application is being described.</summary>
public interface IResourceBuilder<out T>
    where T : IResource
{
    /// <summary>The application being built.</summary>
    IDistributedApplicationBuilder ApplicationBuilder { get; }

    /// <summary>The resource being configured.</summary>
    T Resource { get; }
}

/// <inheritdoc/>
internal sealed class ResourceBuilder<T>(IDistributedApplicationBuilder applicationBuilder, T resource) : IResourceBuilder<T>
    where T : IResource
{
    public IDistributedApplicationBuilder ApplicationBuilder { get; } = applicationBuilder;

    public T Resource { get; } = resource;
}
