namespace Resilience.Tests.Tiers;

/// <summary>A client with tiers in front of a scripted dependency, on a clock that nobody waits for.</summary>
internal sealed class TierBench : IDisposable
{
    private readonly HttpMessageInvoker _client;

    public TierBench(DependencyPolicy policy)
    {
        Dependency = new DependencyRegistry(_ => policy, Clock, Metrics).Get("dependency");
        Script = new ScriptedDependency(Clock);
        _client = new HttpMessageInvoker(new TierHandler(Dependency) { InnerHandler = Script });
    }

    public VirtualClock Clock { get; } = new();

    public ScriptedDependency Script { get; }

    public Dependency Dependency { get; }

    public ResilienceMetrics Metrics { get; } = new();

    /// <summary>A policy without randomness, so that every wait is known.</summary>
    public static DependencyPolicy Exact(bool l1 = false) => new()
    {
        L1 = l1 ? new L1Policy { Backoff = new BackoffPolicy { BaseDelay = Ms(5), MaxDelay = Ms(20), Jitter = 0 } } : null,
        L2 = new L2Policy { Backoff = new BackoffPolicy { Jitter = 0 } },
    };

    public static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    public Task<HttpResponseMessage> StartAsync(HttpRequestMessage request, CancellationToken cancellationToken = default) =>
        _client.SendAsync(request, cancellationToken);

    /// <summary>Sends a request and moves the clock until there is an answer.</summary>
    public HttpResponseMessage Send(HttpRequestMessage? request = null, CallContext? context = null)
    {
        using var scope = CallContext.Use(context ?? CallContext.None);
        return Drive(StartAsync(request ?? new HttpRequestMessage(HttpMethod.Get, "http://dependency/"), TestContext.Current.CancellationToken));
    }

    /// <summary>Everything here goes on at once when a timer fires, so the clock may move whenever the task is not there yet.</summary>
    public T Drive<T>(Task<T> task)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            while (!task.IsCompleted)
            {
                Clock.TryAdvanceToNextTimer().ShouldBeTrue("The call waits for something that no clock brings about.");
            }

            return task.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    public static HttpRequestMessage Post(string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "http://dependency/") { Content = new ByteArrayContent([1, 2, 3]) };
        if (key is not null)
        {
            request.Headers.Add(ResilienceHeaders.IdempotencyKey, key);
        }

        return request;
    }

    public void Dispose()
    {
        _client.Dispose();
        Metrics.Dispose();
    }
}
