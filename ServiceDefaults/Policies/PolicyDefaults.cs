using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Etcd;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.ServiceDefaults.Policies;

/// <summary>
/// Hot policies for a service: it starts with the folder <c>config</c> and follows etcd where a connection string <c>etcd</c> is given, else the folder itself.
/// </summary>
internal static class PolicyDefaults
{
    private const string Section = "Policies";
    private const string FolderName = "config";
    private const string CanarySuffix = "-canary";

    public static void AddHotPolicies(this WebApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection(Section);
        var (service, instance) = (ServiceIdentity.NameOf(builder), ServiceIdentity.InstanceOf(builder));
        var folder = settings["Folder"] is { Length: > 0 } given ? given : Find(builder.Environment.ContentRootPath);
        builder.Services.AddHotPolicies(options =>
        {
            options.Service = service;
            options.Instance = instance;
            options.Folder = folder;
            options.CacheFile = settings["CacheFolder"] is { Length: > 0 } cache ? Path.Combine(cache, $"{service}-{instance}.json") : null;
            options.Store = settings.GetValue("Follow", true) ? StoreOf(builder.Configuration, folder) : null;
        });
        builder.Services.AddServiceDegradation(service, instance);
        if (builder.Configuration["Degradation:Webhook"] is { Length: > 0 } webhook)
        {
            builder.Services.AddDegradationWebhook(options => options.Address = Uri.TryCreate(webhook, UriKind.Absolute, out var address) ? address : null);
        }

        AddFleet(builder, service, instance);
        AddCanaries(builder);
    }

    private static Func<IServiceProvider, IPolicyStore>? StoreOf(ConfigurationManager configuration, string? folder)
    {
        if (configuration.GetConnectionString("etcd") is not { Length: > 0 } etcd)
        {
            return folder is null ? null : provider => new DirectoryPolicyStore(folder, provider.GetRequiredService<TimeProvider>());
        }

        var options = OptionsOf(configuration, etcd);
        return provider => new EtcdPolicyStore(options, provider.GetRequiredService<TimeProvider>());
    }

    /// <summary>Follows the degradation of all services and their releases in etcd, where there is one; and says where experiments are, for whoever asks.</summary>
    private static void AddFleet(WebApplicationBuilder builder, string service, string instance)
    {
        if (builder.Configuration.GetConnectionString("etcd") is not { Length: > 0 } etcd || !builder.Configuration.GetSection(Section).GetValue("Follow", true))
        {
            return;
        }

        var options = OptionsOf(builder.Configuration, etcd);
        var fleet = new EtcdFleetOptions { Prefix = builder.Configuration[$"{Section}:Etcd:DegradationPrefix"] ?? EtcdFleetOptions.DefaultPrefix };
        builder.Services.AddFleetDegradation($"{service}/{instance}", provider => new EtcdFleetStore(
            options, fleet, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EtcdFleetStore>>()));
        var releases = new EtcdFleetOptions { Prefix = builder.Configuration[$"{Section}:Etcd:ReleasePrefix"] ?? EtcdReleaseStore.DefaultPrefix };
        builder.Services.AddReleases(provider => new EtcdReleaseStore(
            options, releases, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EtcdReleaseStore>>()));
        var experiments = new EtcdFleetOptions { Prefix = builder.Configuration[$"{Section}:Etcd:ChaosPrefix"] ?? EtcdExperimentStore.DefaultPrefix };
        builder.Services.AddSingleton<IExperimentStore>(provider => new EtcdExperimentStore(
            options, experiments, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EtcdExperimentStore>>()));
    }

    /// <summary>Every service that discovery knows as NAME-canary is the canary of NAME.</summary>
    private static void AddCanaries(WebApplicationBuilder builder)
    {
        foreach (var canary in builder.Configuration.GetSection("services").GetChildren().Select(service => service.Key).Where(name => name.EndsWith(CanarySuffix, StringComparison.OrdinalIgnoreCase)))
        {
            builder.Services.AddCanary(canary[..^CanarySuffix.Length], canary);
        }
    }

    private static EtcdPolicyOptions OptionsOf(ConfigurationManager configuration, string etcd)
    {
        // What a secret store gives one by one goes over what the connection string says.
        var settings = configuration.GetSection($"{Section}:Etcd");
        var options = EtcdPolicyOptions.Parse(etcd);
        return options with
        {
            Prefix = settings["Prefix"] ?? options.Prefix,
            Username = settings["Username"] ?? options.Username,
            Password = settings["Password"] ?? options.Password,
            CaFile = settings["CaFile"] ?? options.CaFile,
            CertFile = settings["CertFile"] ?? options.CertFile,
            KeyFile = settings["KeyFile"] ?? options.KeyFile,
        };
    }

    /// <summary>The nearest folder of policies at or above the service's own.</summary>
    private static string? Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, FolderName);
            if (File.Exists(Path.Combine(candidate, $"{PolicyScope.Whole}.yaml")))
            {
                return candidate;
            }
        }

        return null;
    }
}
