using AppHost.Embedded.Runtime;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace AppHost.Embedded.Model;

/// <summary>Describes the application: its resources and settings.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>Settings from <c>appsettings.json</c>, environment variables and the command line.</summary>
    IConfigurationManager Configuration { get; }

    /// <summary>Name of the environment and where the AppHost's files are.</summary>
    IHostEnvironment Environment { get; }

    /// <summary>Adds a resource.</summary>
    /// <exception cref="InvalidOperationException">Another resource has the same name.</exception>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>Ends the description.</summary>
    DistributedApplication Build();
}

/// <summary>The described application, ready to run.</summary>
public sealed class DistributedApplication
{
    private readonly EmbeddedHost _host;

    internal DistributedApplication(EmbeddedHost host) => _host = host;

    /// <summary>Starts a description with the settings of <paramref name="args"/>. A wrong command line ends the program with exit code 1.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args)
    {
        if (CommandLine.Problem(args) is { } problem)
        {
            Console.Error.WriteLine(problem);
            Environment.Exit(1);
        }

        return new DistributedApplicationBuilder(args);
    }

    /// <summary>
    /// Runs until Ctrl-C or SIGTERM and sets the process's exit code: 0 after an ordered stop, 1 when the application could not start.
    /// </summary>
    public void Run() => Environment.ExitCode = Task.Run(_host.RunAsync).Result;
}

/// <inheritdoc/>
internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly List<Resource> _resources = [];
    private readonly HostApplicationBuilder _host;

    public DistributedApplicationBuilder(string[] args) =>
        _host = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            ApplicationName = "ResilientShop.AppHost",
            Configuration = Settings(args),
        });

    public IConfigurationManager Configuration => _host.Configuration;

    public IHostEnvironment Environment => _host.Environment;

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        var described = resource as Resource ?? throw new InvalidOperationException($"The embedded host cannot run '{resource.Name}'.");
        if (_resources.Any(other => string.Equals(other.Name, resource.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new InvalidOperationException($"There are two resources named '{resource.Name}'. Names are unique in the application.");
        }

        _resources.Add(described);
        return new ResourceBuilder<T>(this, resource);
    }

    public DistributedApplication Build() => new(new EmbeddedHost(_resources, EmbeddedOptions.From(Configuration), Environment.EnvironmentName));

    private static ConfigurationManager Settings(string[] args)
    {
        var settings = new ConfigurationManager();
        settings.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true);
        settings.AddEnvironmentVariables();
        settings.AddEnvironmentVariables("DOTNET_");
        settings.AddCommandLine(args);
        settings["environment"] ??= settings["ASPNETCORE_ENVIRONMENT"] ?? Environments.Development;
        return settings;
    }
}
