using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Releasing;

/// <summary>The release gate's place in the service. It works where the instances share a store.</summary>
internal static class ReleaseGateRegistration
{
    public static void AddReleaseGate(this WebApplicationBuilder builder)
    {
        if (builder.Services.All(known => known.ServiceType != typeof(IReleaseStore)))
        {
            return;
        }

        builder.Services.AddSingleton<CanaryServices>();
        builder.Services.AddSingleton<IReleaseRecord, ReleaseTable>();
        builder.Services.AddSingleton<IReleaseMetrics>(provider =>
            new PrometheusReleaseMetrics(provider.GetService<PrometheusClient>() is { } prometheus ? prometheus.QueryAsync : null));
        builder.Services.AddSingleton(provider => new ReleaseRuns(
            provider.GetRequiredService<IReleaseStore>(),
            provider.GetRequiredService<IReleaseMetrics>(),
            provider.GetRequiredService<IReleaseRecord>(),
            service => provider.GetRequiredService<DependencyRegistry>().Current.Document.ReleaseOf(service),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ReleaseRuns>>()));
        builder.Services.AddHostedService<ReleaseController>();
    }
}
