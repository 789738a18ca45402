using ResilientShop.Contracts;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Releasing;

/// <summary>The release gate's place in the service. It works where the instances share a store.</summary>
internal static class ReleaseGateRegistration
{
    /// <summary>The release of this service's own consumer: its canary is another instance of this service.</summary>
    public const string ConsumerName = "operations";

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
            service => provider.GetRequiredService<ReleaseState>().Current.GetValueOrDefault(service),
            service => service == ConsumerName ? new ConsumerRelease(Topics.OrderEvents, provider.GetRequiredKeyedService<ConsumerSplits>(Topics.OrderEvents)) : null,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ReleaseRuns>>()));
        builder.Services.AddHostedService<ReleaseController>();
    }
}
