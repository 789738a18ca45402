using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AppHost.Resources;

/// <summary>Tells other programs where the application listens, once all of it is healthy.</summary>
internal static class ReadyFile
{
    /// <summary>Writes the addresses of <paramref name="services"/> and of the dashboard to the file of <c>--ready-file</c>, if one is given.</summary>
    public static IDistributedApplicationBuilder AddReadyFile(this IDistributedApplicationBuilder builder, params IResourceBuilder<ProjectResource>[] services)
    {
        if (builder.Configuration["ready-file"] is { Length: > 0 } path)
        {
            builder.Services.AddHostedService(provider => new Writer(
                Path.GetFullPath(path),
                [.. services.Select(service => service.Resource)],
                provider.GetRequiredService<DistributedApplicationModel>(),
                provider.GetRequiredService<ResourceNotificationService>(),
                provider.GetRequiredService<IConfiguration>()));
        }

        return builder;
    }

    private sealed class Writer(
        string path,
        IReadOnlyList<ProjectResource> services,
        DistributedApplicationModel model,
        ResourceNotificationService notifications,
        IConfiguration configuration) : BackgroundService
    {
        private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            // Nobody must take the file of an earlier run for ours.
            File.Delete(path);
            await Task.WhenAll(model.Resources.OfType<ProjectResource>().Select(project => notifications.WaitForResourceHealthyAsync(project.Name, stoppingToken)));
            var content = new JsonObject();
            foreach (var service in services)
            {
                content[service.Name] = service.GetEndpoint("http").Url;
            }

            content["dashboard"] = DashboardUrl();

            // Whoever waits for the file must never see half of it. It holds the dashboard's token, so it is for its owner alone.
            await using (var file = new StreamWriter(new FileStream(path + ".new", Options())))
            {
                await file.WriteLineAsync(content.ToJsonString(Indented));
            }

            File.Move(path + ".new", path, overwrite: true);
        }

        private string DashboardUrl() =>
            configuration["AppHost:BrowserToken"] is { Length: > 0 } token
                ? $"{configuration["ASPNETCORE_URLS"]}/login?t={token}"
                : configuration["ASPNETCORE_URLS"]!;

        private static FileStreamOptions Options()
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return options;
        }
    }
}
