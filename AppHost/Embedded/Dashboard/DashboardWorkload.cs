using AppHost.Embedded.Acquisition;
using AppHost.Embedded.Runtime;
using AppHost.Resources;

namespace AppHost.Embedded.Dashboard;

/// <summary>Runs the dashboard program that Aspire's command line ships.</summary>
internal sealed class DashboardWorkload(DashboardResource dashboard, EmbeddedHost host) : IWorkload
{
    private static readonly NpmPackage Package = new($"@microsoft/aspire-cli-{NpmPackage.Platform}", "13.5.4");

    private string? _program;
    private ResourceServiceHost? _resourceService;

    public bool IsRequired => false;

    public string Source => "Aspire dashboard " + Package.Version;

    public async Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        _program ??= await FindAsync(instance, cancellationToken);
        var (frontend, otlp, resources) = (Port(0), Port(1), Port(2));
        if (_resourceService is null)
        {
            host.Ports.Release(resources);
            _resourceService = await ResourceServiceHost.StartAsync(host, resources, dashboard.ResourceServiceKey, cancellationToken);
        }

        host.Ports.Release(frontend);
        host.Ports.Release(otlp);
        return new WithResourceService(
            await RunningProcess.StartAsync(host, new ProcessSpec(_program, ["dashboard"]) { Environment = Settings(), WorkingDirectory = host.RunPath }, instance.Log),
            _resourceService);
    }

    public async Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        using var answer = await host.Http.GetAsync($"http://127.0.0.1:{Port(0)}/", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return (int)answer.StatusCode < 400 ? null : $"/ answers {(int)answer.StatusCode}";
    }

    private int Port(int endpoint) => dashboard.Endpoints[endpoint].PortOf(0, host.Ports);

    private Dictionary<string, string?> Settings() => new(StringComparer.Ordinal)
    {
        ["ASPNETCORE_URLS"] = dashboard.Url,
        ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = ((IOtlpReceiver)dashboard).Target!.Endpoint,
        ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = $"http://127.0.0.1:{Port(2)}",

        // Whoever can open a loopback port may look, as with Aspire's own dashboard in a container. Other sites may not: AllowedHosts
        // refuses names that were bent to point here.
        ["DASHBOARD__FRONTEND__AUTHMODE"] = "Unsecured",
        ["DASHBOARD__API__AUTHMODE"] = "ApiKey",
        ["DASHBOARD__API__PRIMARYAPIKEY"] = dashboard.ResourceServiceKey,
        ["AllowedHosts"] = "localhost;127.0.0.1;[::1]",
        ["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey",
        ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = ((IOtlpReceiver)dashboard).Target!.ApiKey,
        ["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey",
        ["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = dashboard.ResourceServiceKey,

        // A replayed day makes a million spans; the dashboard keeps the latest.
        ["DASHBOARD__TELEMETRYLIMITS__MAXTRACECOUNT"] = "2000",
        ["DASHBOARD__TELEMETRYLIMITS__MAXLOGCOUNT"] = "5000",
        ["DASHBOARD__TELEMETRYLIMITS__MAXMETRICSCOUNT"] = "2000",
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_GCConserveMemory"] = "5",
        ["HOME"] = host.RunPath,
        ["Logging__LogLevel__Default"] = "Warning",
        ["Logging__LogLevel__Microsoft.AspNetCore.DataProtection"] = "Error",
    };

    private async Task<string> FindAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        try
        {
            var folder = await host.Cache.GetOrAddAsync(
                $"aspire-dashboard-{Package.Version}-{NpmPackage.Platform}", host.RunPath, staging => UnpackAsync(staging, instance, cancellationToken));
            return Path.Combine(folder, "managed", "aspire-managed");
        }
        catch (ResourceMissingException missing)
        {
            dashboard.GiveUp();
            throw new ResourceMissingException($"no Aspire dashboard: {missing.Message} The shop runs without it; logs are printed here.");
        }
    }

    /// <summary>The npm package holds Aspire's command line, which holds the dashboard and can unpack it. Only the dashboard is kept.</summary>
    private async Task UnpackAsync(string staging, ResourceInstance instance, CancellationToken cancellationToken)
    {
        var downloader = instance.Downloader();
        await Package.UnpackToAsync(staging, downloader, cancellationToken);
        var package = Path.Combine(staging, "package");
        var aspire = Path.Combine(package, "bin", "aspire");
        File.SetUnixFileMode(aspire, File.GetUnixFileMode(aspire) | UnixFileMode.UserExecute);
        var (exitCode, lastLine) = await downloader.RunAsync(
            "unpacking the dashboard",
            new ProcessSpec(aspire, ["setup", "--install-path", package, "--non-interactive", "--nologo"])
            {
                Environment = new Dictionary<string, string?>
                {
                    ["HOME"] = host.RunPath,
                    ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true",
                    ["features__updateNotificationsEnabled"] = "false",
                    ["NO_COLOR"] = "1",
                },
            },
            cancellationToken);
        var versions = Path.Combine(package, "versions");
        var managed = Directory.Exists(versions) ? Directory.EnumerateDirectories(versions).Select(version => Path.Combine(version, "managed")).FirstOrDefault(Directory.Exists) : null;
        if (exitCode != 0 || managed is null)
        {
            throw new ResourceMissingException($"its package could not be unpacked: {lastLine}");
        }

        Directory.Move(managed, Path.Combine(staging, "managed"));
        Directory.Delete(package, recursive: true);
    }

    /// <summary>The dashboard process together with the service it asks; the service ends with the application, after the process.</summary>
    private sealed class WithResourceService(RunningProcess process, ResourceServiceHost resourceService) : IRunningWorkload
    {
        public int? ProcessId => process.ProcessId;

        public ProcessSpec? Spec => process.Spec;

        public Task<int> Exited => process.Exited;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            resourceService.EndStreams();
            return process.StopAsync(cancellationToken);
        }

        public void Kill() => process.Kill();
    }
}
