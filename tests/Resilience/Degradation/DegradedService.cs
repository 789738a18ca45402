using System.Threading.Channels;

namespace Resilience.Tests.Degradation;

/// <summary>A service on a clock of its own, served and asked to decide by the test.</summary>
internal sealed class DegradedService : IDisposable
{
    public static readonly DegradationPolicy Policy = new()
    {
        RateTime = TimeSpan.FromSeconds(5), SlopeTime = TimeSpan.FromSeconds(10), StepRequests = 5, MinimumRequests = 10,
    };

    public DegradedService() => Service = new ServiceDegradation("shop", Policy, Clock, change =>
    {
        Changes.Add(change);
        Heard.Writer.TryWrite(change);
    });

    public VirtualClock Clock { get; } = new();

    public ServiceDegradation Service { get; }

    public List<DegradationChange> Changes { get; } = [];

    public Channel<DegradationChange> Heard { get; } = Channel.CreateUnbounded<DegradationChange>();

    public void Serve(int requests, bool failed = false, bool slow = false, string endpoint = "a")
    {
        var position = Service.Current;
        for (var request = 0; request < requests; request++)
        {
            var startedAt = Clock.GetTimestamp() - TimeSpan.FromMilliseconds(slow ? 3000 : 20).Ticks;
            Service.Record(Service.Endpoint(endpoint), position, position.NormalShare > 0, startedAt, failed);
        }
    }

    public void Pass(params int[] seconds)
    {
        foreach (var some in seconds)
        {
            Clock.Advance(TimeSpan.FromSeconds(some));
            Service.Decide();
        }
    }

    /// <summary>Runs the decisions beside what a test does.</summary>
    public Task RunAsync(Func<Task> test) => Clock.RunAsync(async () =>
    {
        using var stop = new CancellationTokenSource();
        var running = Service.RunAsync(stop.Token);
        await test();
        await stop.CancelAsync();
        await running;
    });

    public void Degrade()
    {
        Serve(20, failed: true, slow: true);
        Clock.Advance(TimeSpan.FromMilliseconds(600));
        Serve(20, failed: true, slow: true);
        Service.Decide();
    }

    public void Dispose() => Service.Dispose();
}
