using ResilientShop.Resilience.Testing;
using static ResilientShop.Resilience.Tests.Tiers.TierBench;

namespace ResilientShop.Resilience.Tests.Tiers;

public sealed class DeadDependencyTests
{
    private const int Calls = 10_000;

    [Fact]
    public async Task Ten_thousand_calls_at_once_leave_neither_a_timer_nor_a_task_nor_memory_behind()
    {
        using var bench = new TierBench(Exact(l1: true) with { Total = TimeSpan.FromSeconds(1) });
        bench.Script.Hang().Forever();
        await RunAsync(bench);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var attempts = bench.Script.Attempts.Count;

        await RunAsync(bench);

        bench.Clock.ShouldHaveNoTimers();
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        var record = (bench.Script.Attempts.Count - attempts) * 1024L;
        kept.ShouldBeLessThan((2 * 1024 * 1024) + record, "beyond what the script itself records of each attempt");
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

    private static async Task RunAsync(TierBench bench)
    {
        var calls = Enumerable.Range(0, Calls).Select(_ => bench.StartAsync(Get(), TestContext.Current.CancellationToken)).ToList();
        bench.Clock.Advance(TimeSpan.FromSeconds(20));
        foreach (var call in calls)
        {
            await Should.ThrowAsync<TieredCallException>(call);
        }
    }

    private static HttpRequestMessage Get() => new(HttpMethod.Get, "http://dependency/");
}
