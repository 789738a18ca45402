using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ResilientShop.ServiceDefaults.WarmUp;

/// <summary>
/// Lets a service warm up before it reports ready. Off unless <c>WarmUp:Rounds</c> is set; the AppHost sets it, so that the first real request
/// does not pay for what the just-in-time compiler has to do.
/// </summary>
public static class WarmUpExtensions
{
    /// <summary>Name of the health check that fails until the service is warm.</summary>
    public const string HealthCheck = "warm-up";

    /// <summary>Calls the service itself with <paramref name="requests"/>; what they answer does not matter.</summary>
    public static WebApplicationBuilder AddWarmUpRequests(this WebApplicationBuilder builder, params WarmUpRequest[] requests)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IWarmUp>(services => ActivatorUtilities.CreateInstance<SelfRequests>(services, (object)requests));
        return builder.AddWarmUpService();
    }

    /// <summary>Runs <typeparamref name="T"/>.</summary>
    public static WebApplicationBuilder AddWarmUp<T>(this WebApplicationBuilder builder)
        where T : class, IWarmUp
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IWarmUp, T>();
        return builder.AddWarmUpService();
    }

    /// <summary>Keeps what a service asks of itself out of its request metrics: until it is warm, nobody else has reason to ask.</summary>
    internal static void UseUncountedWarmUp(this WebApplication app)
    {
        if (app.Services.GetService<WarmUpService>() is { IsWarm: false } service)
        {
            app.Use((context, next) =>
            {
                if (!service.IsWarm && context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
                {
                    metrics.MetricsDisabled = true;
                }

                return next(context);
            });
        }
    }

    private static WebApplicationBuilder AddWarmUpService(this WebApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(WarmUpService)))
        {
            return builder;
        }

        builder.Services.AddOptions<WarmUpOptions>().BindConfiguration("WarmUp").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<WarmUpService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<WarmUpService>());
        builder.Services.AddHealthChecks().AddCheck<WarmUpService>(HealthCheck);
        return builder;
    }
}
