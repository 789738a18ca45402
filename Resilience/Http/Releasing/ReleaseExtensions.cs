using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.Resilience.Http;

/// <summary>Lets two releases of a service serve side by side.</summary>
public static class ReleaseExtensions
{
    /// <summary>
    /// Says that a dependency has a canary. Clients of it (<c>AddResilientHttpClient</c>, <c>AddResilientGrpcClient</c>) send it the calls of the canary channel, as far as its
    /// release allows, and count how both releases do. Call it before or after the clients are registered.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="dependency">Name of the dependency.</param>
    /// <param name="canaryOf">Where the canary answers a request, given where the stable release does.</param>
    public static IServiceCollection AddCanary(this IServiceCollection services, string dependency, Func<Uri, Uri> canaryOf)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dependency);
        ArgumentNullException.ThrowIfNull(canaryOf);
        if (services.FirstOrDefault(known => known.ServiceType == typeof(CanaryAddresses))?.ImplementationInstance is not CanaryAddresses addresses)
        {
            services.AddResilience();
            services.AddSingleton(addresses = new CanaryAddresses());
            services.AddHostedService<CanaryStart>();
        }

        addresses.Add(dependency, canaryOf);
        return services;
    }

    /// <summary>The same with names of service discovery: <c>http://payments</c> becomes <c>http://payments-canary</c>, and <c>http://_grpc.payments</c> keeps its endpoint.</summary>
    /// <param name="services">The services.</param>
    /// <param name="dependency">Name of the dependency and of its service.</param>
    /// <param name="canary">Name of the canary's service.</param>
    public static IServiceCollection AddCanary(this IServiceCollection services, string dependency, string canary)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(canary);
        return services.AddCanary(dependency, stable => stable.Host.EndsWith(dependency, StringComparison.OrdinalIgnoreCase)
            ? new UriBuilder(stable) { Host = string.Concat(stable.Host.AsSpan(0, stable.Host.Length - dependency.Length), canary) }.Uri
            : stable);
    }

    /// <summary>Follows the releases of all services in a store, of which <see cref="ReleaseState"/> and the clients then know.</summary>
    /// <param name="services">The services.</param>
    /// <param name="store">Makes the store. It is disposed of with the host.</param>
    public static IServiceCollection AddReleases(this IServiceCollection services, Func<IServiceProvider, IReleaseStore> store)
    {
        ArgumentNullException.ThrowIfNull(store);
        services.AddResilience();
        services.AddSingleton(store);
        services.AddSingleton<ReleaseState>();
        services.AddHostedService<ReleaseService>();
        return services;
    }

    /// <summary>Says in header <see cref="ResilienceHeaders.ReleaseChannel"/> of each answer that the canary gave it. Only the canary's own instances need it.</summary>
    public static IApplicationBuilder UseCanaryAnswers(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.Headers[ResilienceHeaders.ReleaseChannel] = ReleaseChannel.Canary.ToName();
        return next(http);
    });
}
