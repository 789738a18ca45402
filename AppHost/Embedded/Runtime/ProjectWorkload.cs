using AppHost.Embedded.Model;

namespace AppHost.Embedded.Runtime;

/// <summary>Runs a built .NET project.</summary>
internal sealed class ProjectWorkload(ProjectResource project, EmbeddedHost host) : IWorkload
{
    private static readonly string Dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? ProgramPath.Find("dotnet") ?? "dotnet";

    public bool IsRequired => true;

    public string Source => project.Metadata.ProjectPath;

    public async Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        if (!File.Exists(project.Metadata.TargetPath))
        {
            throw new ResourceMissingException($"{project.Metadata.TargetPath} is not built. Run: dotnet build");
        }

        foreach (var endpoint in project.Endpoints)
        {
            host.Ports.Release(endpoint.PortOf(instance.Replica, host.Ports));
        }

        return await RunningProcess.StartAsync(
            host,
            new ProcessSpec(Dotnet, [project.Metadata.TargetPath])
            {
                WorkingDirectory = Path.GetDirectoryName(project.Metadata.ProjectPath),
                Environment = ServiceEnvironment.Of(project, instance, host),
            },
            instance.Log);
    }

    public async Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        if (project.HealthCheck is not { } check)
        {
            return null;
        }

        var port = project.Endpoints.First(endpoint => endpoint.Name == check.EndpointName).PortOf(instance.Replica, host.Ports);
        using var answer = await host.Http.GetAsync($"http://127.0.0.1:{port}{check.Path}", cancellationToken);
        return answer.IsSuccessStatusCode ? null : $"{check.Path} answers {(int)answer.StatusCode}";
    }
}
