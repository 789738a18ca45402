using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Api;
using ResilientShop.ServiceDefaults.Health;
using ResilientShop.ServiceDefaults.Hosting;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Policies;
using ResilientShop.ServiceDefaults.Problems;
using ResilientShop.ServiceDefaults.Telemetry;
using ResilientShop.ServiceDefaults.WarmUp;

namespace ResilientShop.ServiceDefaults;

/// <summary>What every service switches on: one call while building, one call on the built application.</summary>
public static class ServiceDefaultsExtensions
{
    // The gateway waits so much longer than it says: an answer that is nearly there is worth more than a request that comes again.
    private static readonly TimeSpan DeadlineGrace = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Switches on telemetry, health checks, the tiers and service discovery for every <see cref="HttpClient"/>, problem details,
    /// strict JSON, API description and a short graceful shutdown. Policies come from the folder <c>config</c> and then from
    /// etcd (connection string <c>etcd</c>); the configuration section <c>Resilience</c> holds a number for this instance alone. Endpoints that are marked with
    /// <see cref="DegradationExtensions.WithSignals"/> are signals by which the service degrades. Call it first.
    /// </summary>
    /// <returns><paramref name="builder"/>, for chaining.</returns>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.AddQuietLogs();
        builder.AddTelemetry();
        builder.AddListening();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddStrictJson();
        builder.Services.AddProblems();
        builder.Services.AddApiDescription();
        builder.Services.AddLiveness();
        builder.Services.AddServiceDiscovery();
        builder.Services.AddResilience(options => options.Configuration = builder.Configuration.GetSection(ResilienceOptions.Section));
        builder.AddHotPolicies();
        builder.Services.ConfigureHttpClientDefaults(client => client.AddDefaultTiers().AddServiceDiscovery());
        builder.Services.AddOperatorKey();

        // An orchestrator that stops the whole shop waits for its slowest service.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c>, <c>/alive</c>, <c>/metrics</c> and, in development, <c>/openapi/v1.json</c> and <c>/scalar</c>;
    /// <c>/resilience</c> for operators; puts the problem details middleware in front and serves requests under the context that their callers sent.
    /// Call it before other middleware, which it then covers.
    /// </summary>
    /// <returns><paramref name="app"/>, for chaining.</returns>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);

        app.UseUncountedWarmUp();
        app.UseProblems();
        app.UseCallContext(DeadlineGrace);
        app.UseServiceDegradation();
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapApiDescription();
        app.MapResilience();
        app.MapDegradation();
        app.MapSagas();
        return app;
    }
}
