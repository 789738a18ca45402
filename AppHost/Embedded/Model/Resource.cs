using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Model;

/// <summary>What all resources of the embedded host share: the description that <c>AppHost.cs</c> gives them.</summary>
public abstract class Resource(string name) : IResource
{
    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <summary>What kind of resource this is, as the dashboard shows it.</summary>
    internal abstract string ResourceType { get; }

    /// <summary>How many instances run.</summary>
    internal int Replicas { get; set; } = 1;

    /// <summary>Resources that must be healthy, or known to be missing, before this one starts.</summary>
    internal List<Resource> WaitsFor { get; } = [];

    /// <summary>Resources whose connection strings and addresses this one is given.</summary>
    internal List<Resource> References { get; } = [];

    /// <summary>What this resource listens on.</summary>
    internal List<EndpointAnnotation> Endpoints { get; } = [];

    /// <summary>Environment variables set by <c>WithEnvironment</c>.</summary>
    internal List<KeyValuePair<string, string?>> Environment { get; } = [];

    /// <summary>Path and endpoint of the HTTP health check, if there is one.</summary>
    internal HttpHealthCheckAnnotation? HealthCheck { get; set; }

    /// <summary>The resource this one is a part of: a database of its server.</summary>
    internal virtual Resource? Parent => null;

    /// <summary>Makes what one instance of the resource runs.</summary>
    internal abstract IWorkload CreateWorkload(EmbeddedHost host);
}

/// <summary>An endpoint: fixed <paramref name="Port"/>, or any free one when null; <paramref name="Env"/> is the variable that tells it.</summary>
internal sealed record EndpointAnnotation(string Name, int? Port, string? Env)
{
    private readonly Dictionary<int, int> _allocated = [];

    /// <summary>The port of replica <paramref name="replica"/> (from 0), the same over restarts.</summary>
    public int PortOf(int replica, PortAllocator ports)
    {
        if (Port is { } fixedPort)
        {
            return fixedPort;
        }

        lock (_allocated)
        {
            if (!_allocated.TryGetValue(replica, out var port))
            {
                _allocated[replica] = port = ports.Next();
            }

            return port;
        }
    }
}

/// <summary>An instance is healthy when <paramref name="Path"/> on <paramref name="EndpointName"/> answers 200.</summary>
internal sealed record HttpHealthCheckAnnotation(string Path, string EndpointName);
