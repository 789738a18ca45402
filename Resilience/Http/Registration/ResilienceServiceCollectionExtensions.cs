using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>Registers the tiers.</summary>
public static class ResilienceServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="DependencyRegistry"/>, reads the policies (see <see cref="ResilienceOptions"/>) and, when the host starts, refuses wrong
    /// policies and clients with two retry layers. May be called more than once.
    /// </summary>
    public static IServiceCollection AddResilience(this IServiceCollection services, Action<ResilienceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null)
        {
            services.Configure(configure);
        }

        if (services.Any(service => service.ServiceType == typeof(PolicyBook)))
        {
            return services;
        }

        services.AddHttpClient();
        services.AddOptions<ResilienceOptions>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PolicyBook>();
        services.AddSingleton(provider => new ResilienceMetrics(provider.GetService<IMeterFactory>()));
        services.AddSingleton(provider => new DependencyRegistry(
            provider.GetRequiredService<PolicyBook>().PolicyOf,
            provider.GetService<FirstPolicies>()?.Document ?? PolicyDocument.Empty,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ResilienceMetrics>(),
            provider.GetService<ILogger<DependencyRegistry>>()));
        services.AddSingleton<IHttpMessageHandlerBuilderFilter, SingleRetryLayer>();
        services.AddSingleton<IHostedService, ResilienceStartup>();
        return services;
    }

    /// <summary>
    /// Says in code what governs the calls to <paramref name="dependency"/>; configuration may still override each number. Several of these
    /// build on each other.
    /// </summary>
    public static IServiceCollection ConfigureDependency(this IServiceCollection services, string dependency, Func<DependencyPolicy, DependencyPolicy> policy)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dependency);
        ArgumentNullException.ThrowIfNull(policy);
        return services.AddResilience(options =>
        {
            options.Known.Add(dependency);
            options.FromCode[dependency] = options.FromCode.TryGetValue(dependency, out var before) ? current => policy(before(current)) : policy;
        });
    }

    /// <summary>
    /// Registers an <see cref="HttpClient"/> whose calls run through the tiers of the dependency of the same name. Spans and metrics tell of its requests;
    /// the factory's own log lines, four a request, are off, which saves two handlers on every call. <c>AddDefaultLogger()</c> brings them back.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Name of the client and of the dependency.</param>
    /// <param name="client">Sets the client up, for example its address.</param>
    public static IHttpClientBuilder AddResilientHttpClient(this IServiceCollection services, string name, Action<HttpClient>? client = null) =>
        services.AddHttpClient(name, client ?? (_ => { })).RemoveAllLoggers().AddTiers(name);

    /// <summary>Registers a typed client whose calls run through the tiers of <paramref name="dependency"/>, without the factory's log lines as above.</summary>
    /// <param name="services">The services.</param>
    /// <param name="dependency">Name of the client and of the dependency.</param>
    /// <param name="client">Sets the client up, for example its address.</param>
    public static IHttpClientBuilder AddResilientHttpClient<TClient>(this IServiceCollection services, string dependency, Action<IServiceProvider, HttpClient> client)
        where TClient : class =>
        services.AddHttpClient<TClient>(dependency, client).RemoveAllLoggers().AddTiers(dependency);
}
