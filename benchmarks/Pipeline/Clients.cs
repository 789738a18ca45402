using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Benchmarks.Pipeline;

/// <summary>
/// The same client twice, both through IHttpClientFactory: with AddStandardResilienceHandler and with the tiers. Metrics and tracing are listened to and
/// warnings are logged, as in production. Answers are handed on without HttpClient's own copying of the body, which is the same on both sides. Waits are zero on both sides, and neither breaker opens unless it is meant to.
/// </summary>
internal sealed class Clients : IDisposable
{
    private static readonly Uri Address = new("http://dependency/path");

    private readonly ServiceProvider _services;
    private readonly HttpClient _tiers;
    private readonly HttpClient _standard;
    private readonly InMemoryTransport _tiersTransport;
    private readonly InMemoryTransport _standardTransport;

    static Clients()
    {
        ActivitySource.AddActivityListener(new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        });
        var metrics = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        metrics.SetMeasurementEventCallback<long>((_, _, _, _) => { });
        metrics.SetMeasurementEventCallback<double>((_, _, _, _) => { });
        metrics.SetMeasurementEventCallback<int>((_, _, _, _) => { });
        metrics.Start();
    }

    public Clients(int failures = 0, bool yields = false, bool answers = false)
    {
        (_tiersTransport, _standardTransport) = (new InMemoryTransport(failures, yields), new InMemoryTransport(failures, yields));
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddLogging(logs => logs.AddProvider(new DiscardingLogs()).SetMinimumLevel(LogLevel.Warning));
        services.AddHttpClient("standard").ConfigurePrimaryHttpMessageHandler(() => _standardTransport).AddStandardResilienceHandler(Configure);
        services.AddResilientHttpClient("tiers").ConfigurePrimaryHttpMessageHandler(() => _tiersTransport);
        services.ConfigureDependency("tiers", policy => policy with
        {
            Refusals = answers ? RefusalMode.Answer : RefusalMode.Throw,
            L2 = policy.L2 with { Backoff = policy.L2.Backoff with { Kind = BackoffKind.None } },
            Breaker = new BreakerPolicy { FailureRatio = 1, MinimumThroughput = 100, Break = TimeSpan.FromMinutes(30) },
            RetryBudget = new RetryBudgetPolicy { Floor = int.MaxValue },
        });
        _services = services.BuildServiceProvider();
        var factory = _services.GetRequiredService<IHttpClientFactory>();
        (_tiers, _standard) = (factory.CreateClient("tiers"), factory.CreateClient("standard"));
    }

    public Task TiersAsync() => SendAsync(_tiers);

    public Task StandardAsync() => SendAsync(_standard);

    /// <summary>Lets both dependencies fail until both breakers are open.</summary>
    public async Task OpenBreakersAsync()
    {
        (_tiersTransport.IsDown, _standardTransport.IsDown) = (true, true);
        for (var i = 0; i < 500; i++)
        {
            await TiersAsync();
            await StandardAsync();
        }
    }

    public void Dispose() => _services.Dispose();

    private static void Configure(HttpStandardResilienceOptions options)
    {
        options.Retry.Delay = TimeSpan.Zero;
        options.Retry.UseJitter = false;
        options.CircuitBreaker.FailureRatio = 1;
        options.CircuitBreaker.BreakDuration = TimeSpan.FromMinutes(30);
    }

    private static async Task SendAsync(HttpClient client)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
        catch (Exception exception) when (exception is TieredCallException or Polly.CircuitBreaker.BrokenCircuitException)
        {
            // A refusal is what some cases measure.
        }
    }
}
