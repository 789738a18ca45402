using AppHost.Embedded.Runtime;
using AppHost.Embedded.Servers;

namespace AppHost.Embedded.Model;

/// <summary>A PostgreSQL server on a loopback port, with data that lives as long as the application.</summary>
public sealed class PostgresServerResource : Resource, IResourceWithConnectionString
{
    private string? _connectionString;

    internal PostgresServerResource(string name)
        : base(name) =>
        Endpoints.Add(new EndpointAnnotation("tcp", Port: null, Env: null));

    /// <inheritdoc/>
    public string? ConnectionString => _connectionString;

    internal override string ResourceType => "PostgresServerResource";

    /// <summary>Of the superuser; made anew for each run, and known to nobody else.</summary>
    internal string Password { get; } = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToLowerInvariant();

    internal int PortFor(PortAllocator ports)
    {
        var port = Endpoints[0].PortOf(0, ports);
        _connectionString ??= $"Host=localhost;Port={port};Username=postgres;Password={Password}";
        return port;
    }

    internal override IWorkload CreateWorkload(EmbeddedHost host)
    {
        PortFor(host.Ports);
        return new PostgresWorkload(this, host);
    }
}

/// <summary>A database of a <see cref="PostgresServerResource"/>; it is created when the server is up.</summary>
public sealed class PostgresDatabaseResource : Resource, IResourceWithConnectionString
{
    internal PostgresDatabaseResource(string name, string databaseName, PostgresServerResource server)
        : base(name)
    {
        DatabaseName = databaseName;
        Server = server;
        WaitsFor.Add(server);
    }

    /// <inheritdoc/>
    public string? ConnectionString => Server.ConnectionString is { } server ? $"{server};Database={DatabaseName}" : null;

    internal override string ResourceType => "PostgresDatabaseResource";

    internal override Resource? Parent => Server;

    internal string DatabaseName { get; }

    internal PostgresServerResource Server { get; }

    internal override IWorkload CreateWorkload(EmbeddedHost host) => new PostgresDatabaseWorkload(this);
}

/// <summary>Adds PostgreSQL.</summary>
public static class PostgresBuilderExtensions
{
    /// <summary>Adds a PostgreSQL server.</summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new PostgresServerResource(name));

    /// <summary>Adds a database to the server.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null) =>
        builder.ApplicationBuilder.AddResource(new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource));
}
