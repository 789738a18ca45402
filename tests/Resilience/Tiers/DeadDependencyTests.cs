using static Resilience.Tests.Tiers.TierBench;

namespace Resilience.Tests.Tiers;

public sealed class DeadDependencyTests
{
    private const int Calls = 10_000;

    [Fact]
    public async Task Ten_thousand_calls_at_once_leave_neither_a_timer_nor_a_task_nor_memory_behind()
    {
        using var bench = new TierBench(Exact(l1: true) with { Total = TimeSpan.FromSeconds(1) });
        bench.Script.Hang().Forever();

        var left = await RunAsync(bench);

        bench.Clock.ShouldHaveNoTimers();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        left.Count(reference => reference.IsAlive).ShouldBeLessThan(10, "whatever still knows a request or its task; a few can linger in pools");
        GC.KeepAlive(bench);
    }

    [Fact]
    public async Task Callers_that_give_up_all_at_once_leave_no_timer()
    {
        using var bench = new TierBench(Exact() with { Breaker = null, Total = TimeSpan.FromMinutes(1), L2 = new L2Policy { AttemptTimeout = TimeSpan.FromSeconds(50) } });
        bench.Script.Hang().Forever();
        using var callers = new CancellationTokenSource();
        var calls = Enumerable.Range(0, Calls).Select(_ => bench.StartAsync(Get(), callers.Token)).ToList();
        bench.Clock.ActiveTimers.ShouldBeGreaterThanOrEqualTo(Calls);

        await callers.CancelAsync();

        foreach (var call in calls)
        {
            await Should.ThrowAsync<OperationCanceledException>(call);
        }

        bench.Clock.ShouldHaveNoTimers();
        bench.Clock.Elapsed.ShouldBe(TimeSpan.Zero, "nobody waited for a timeout");
    }

    /// <summary>Makes the calls and returns what they were made of, without keeping it alive.</summary>
    private static async Task<List<WeakReference>> RunAsync(TierBench bench)
    {
        var left = new List<WeakReference>(2 * Calls);
        var calls = new List<Task>(Calls);
        for (var call = 0; call < Calls; call++)
        {
            var request = Get();
            calls.Add(bench.StartAsync(request, TestContext.Current.CancellationToken));
            left.Add(new WeakReference(request));
            left.Add(new WeakReference(calls[^1]));
        }

        bench.Clock.Advance(TimeSpan.FromSeconds(20));
        foreach (var call in calls)
        {
            await Should.ThrowAsync<TieredCallException>(call);
        }

        return left;
    }

    private static HttpRequestMessage Get() => new(HttpMethod.Get, "http://dependency/");
}
