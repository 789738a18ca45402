using System.Collections.Concurrent;
using System.Diagnostics;

namespace Resilience.Tests.Telemetry;

/// <summary>A client of a scripted dependency, what it records, and the trace of a request that makes the calls.</summary>
internal sealed class TelemetryWorld : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivitySource _requests = new("telemetry tests");
    private readonly ActivityListener _listener;
    private readonly HttpClient _client;

    public TelemetryWorld(Func<DependencyPolicy, DependencyPolicy>? change = null)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ResilienceMetrics.Name || source == _requests,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        Shop = new ScriptedDependency(Clock);
        Registry = new DependencyRegistry(_ => (change ?? (policy => policy))(Exact), Clock, new ResilienceMetrics(Measured));
        _client = new HttpClient(new TierHandler(Registry.Get("shop")) { InnerHandler = Shop }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Waits without a random part, so that a test can name them.</summary>
    public static DependencyPolicy Exact => new()
    {
        L2 = new L2Policy { Backoff = new BackoffPolicy { Jitter = 0 } },
        RetryBudget = new RetryBudgetPolicy { Floor = 100 },
    };

    public VirtualClock Clock { get; } = new();

    public Measurements Measured { get; } = new();

    public ScriptedDependency Shop { get; }

    public DependencyRegistry Registry { get; }

    /// <summary>Calls as part of a traced request; the trace's spans of the library, and the request's own last.</summary>
    public async Task<IReadOnlyList<Activity>> TraceAsync(CallContext? context = null)
    {
        using var request = _requests.StartActivity("GET /")!;
        await CallAsync(context);
        request.Stop();
        return [.. _spans.Where(span => span.TraceId == request.TraceId)];
    }

    /// <summary>Calls; what the call throws is nobody's business here.</summary>
    public async Task CallAsync(CallContext? context = null)
    {
        using var scope = CallContext.Use(context ?? CallContext.None);
        try
        {
            using var response = await Clock.RunAsync(() => _client.GetAsync("http://shop/", CancellationToken.None));
        }
        catch (HttpRequestException)
        {
            // The tests read what was recorded of it.
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _listener.Dispose();
        _requests.Dispose();
        Registry.Metrics.Dispose();
        Measured.Dispose();
    }
}
