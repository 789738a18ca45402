using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.Resilience.Http;

/// <summary>Lets a service degrade by its own signals.</summary>
public static class DegradationExtensions
{
    private static readonly RequestDegradation Normal = new(http: null, service: null, position: null, takesNormalWay: true, metrics: null);

    /// <summary>
    /// Registers <see cref="ServiceDegradation"/> under the policies of <paramref name="service"/> (section <c>degradation</c> of the policy document) and lets it decide while
    /// the host runs. Further <see cref="IDegradationListener"/>s may be registered. Calling it again changes nothing.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="service">Name of the service in policies, metrics and the fleet.</param>
    /// <param name="instance">Which instance of it this is, for those who add up the signals of all; machine and process where it has no name.</param>
    public static IServiceCollection AddServiceDegradation(this IServiceCollection services, string service, string? instance = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(service);
        if (services.AddResilience().Any(known => known.ServiceType == typeof(ServiceDegradation)))
        {
            return services;
        }

        services.AddSingleton<IDegradationListener, DegradationReport>();
        services.AddSingleton(provider =>
        {
            IDegradationListener[] listeners = [.. provider.GetServices<IDegradationListener>()];
            var degradation = new ServiceDegradation(
                service,
                provider.GetRequiredService<DependencyRegistry>().Current.Document.DegradationOf(service),
                provider.GetRequiredService<TimeProvider>(),
                change => Array.ForEach(listeners, listener => listener.OnChange(change)));
            provider.GetRequiredService<ResilienceMetrics>().Observe(degradation);
            return degradation;
        });
        services.AddSingleton(provider => new SignalMetrics(
            instance ?? FormattableString.Invariant($"{Environment.MachineName}-{Environment.ProcessId}"), provider.GetService<IMeterFactory>()));
        services.AddHostedService<DegradationRunner>();
        return services;
    }

    /// <summary>
    /// Lets the instances of all services tell each other how far each is degraded, by a store that they share. Call <see cref="AddServiceDegradation"/> too.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="instance">Name of this instance, alone in the fleet.</param>
    /// <param name="store">Makes the store. It is disposed of with the host.</param>
    public static IServiceCollection AddFleetDegradation(this IServiceCollection services, string instance, Func<IServiceProvider, IFleetStore> store)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(instance);
        ArgumentNullException.ThrowIfNull(store);
        services.AddSingleton(new FleetIdentity(instance));
        services.AddSingleton(store);
        services.AddSingleton<FleetState>();
        services.AddSingleton<FleetFollower>();
        services.AddSingleton<FleetSpeaker>();
        services.AddSingleton<IDegradationListener>(provider => provider.GetRequiredService<FleetSpeaker>());
        services.AddHostedService<FleetService>();
        return services;
    }

    /// <summary>Tells people on call when the service is broken, by a POST of the change as JSON. Call <see cref="AddServiceDegradation"/> too.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Says whom.</param>
    public static IServiceCollection AddDegradationWebhook(this IServiceCollection services, Action<WebhookOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<WebhookOptions>().Configure(configure).Validate(
            options => options.Address is { IsAbsoluteUri: true, Scheme: "http" or "https" }, "The address of the webhook must be an http or https URL.").ValidateOnStart();
        services.AddResilientHttpClient(DegradationWebhook.Client);
        services.AddSingleton<DegradationWebhook>();
        services.AddSingleton<IDegradationListener>(provider => provider.GetRequiredService<DegradationWebhook>());
        services.AddHostedService(provider => provider.GetRequiredService<DegradationWebhook>());
        return services;
    }

    /// <summary>
    /// Serves marked endpoints by the service's degradation. Place it after routing and after <see cref="CallContextExtensions.UseCallContext"/>, whose deadlines it must see.
    /// </summary>
    /// <exception cref="InvalidOperationException"><see cref="AddServiceDegradation"/> was not called.</exception>
    public static IApplicationBuilder UseServiceDegradation(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.ApplicationServices.GetService<ServiceDegradation>() is null
            ? throw new InvalidOperationException("Call AddServiceDegradation before UseServiceDegradation.")
            : app.UseMiddleware<DegradationMiddleware>();
    }

    /// <summary>
    /// Takes the requests of an endpoint as signals of how its service is: their latency, and as failures the statuses from 500 and the gRPC codes UNKNOWN, DEADLINE_EXCEEDED,
    /// INTERNAL, UNAVAILABLE and DATA_LOSS. A broken service refuses them. Mark what the service is there for, and not its health page.
    /// </summary>
    /// <param name="builder">The endpoint, or several.</param>
    /// <param name="name">Its name among the service's signals; null for its route.</param>
    public static TBuilder WithSignals<TBuilder>(this TBuilder builder, string? name = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new SignalsMetadata(name));

    /// <summary>What this request has of its service's degradation; the normal way where its endpoint is not marked.</summary>
    public static RequestDegradation Degradation(this HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return http.Features.Get<RequestDegradation>() ?? Normal;
    }
}
