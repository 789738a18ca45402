using AppHost.Embedded.Runtime;

namespace AppHost.Embedded.Model;

/// <summary>A server that somebody else runs, known by the connection string that was given for it.</summary>
public sealed class ConnectionStringResource(string name, string connectionString) : Resource(name), IResourceWithConnectionString
{
    /// <inheritdoc/>
    public string? ConnectionString { get; } = connectionString;

    internal override string ResourceType => "ConnectionString";

    internal override IWorkload CreateWorkload(EmbeddedHost host) => new GivenServerWorkload();
}

/// <summary>Adds servers that run elsewhere.</summary>
public static class ConnectionStringBuilderExtensions
{
    /// <summary>Adds the server that the configuration key <c>ConnectionStrings:<paramref name="name"/></c> points to.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name)
    {
        var value = builder.Configuration[$"ConnectionStrings:{name}"]
            ?? throw new InvalidOperationException($"No connection string '{name}' is configured. Set ConnectionStrings__{name}.");
        return builder.AddResource(new ConnectionStringResource(name, value));
    }
}
