using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Degradation;

/// <summary>Lets services degrade by the signals of all their instances together.</summary>
internal static class FleetControlExtensions
{
    /// <summary>Asks the Prometheus of connection string <c>prometheus</c>. Without it, or without a store that the instances share, nothing is asked and nothing decided.</summary>
    public static void AddFleetControl(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<FleetRecord>();
        if (builder.Configuration.GetConnectionString("prometheus") is not { } address || string.IsNullOrWhiteSpace(address))
        {
            return;
        }

        builder.Services.AddPrometheusClient(address.Trim());
        if (builder.Services.Any(service => service.ServiceType == typeof(IFleetStore)))
        {
            builder.Services.AddHostedService<FleetControl>();
        }
    }
}
