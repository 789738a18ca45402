using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Degradation;

/// <summary>What an instance tells of its requests to who adds up the whole fleet.</summary>
public sealed class SignalMetricsTests
{
    [Fact]
    public async Task Every_count_is_there_before_the_first_request()
    {
        await using var server = await DegradedServer.StartAsync(http => Task.CompletedTask);
        var counts = server.Measured.Observe(SignalMetrics.Requests);
        counts.Count.ShouldBe(9);
        counts.ShouldAllBe(count => count.Value == 0 && count.Labels.Count == 4 && count.Labels["replica"]!.ToString()!.Length > 0);
        counts.Select(count => (count.Labels["way"], count.Labels["failed"], count.Labels["slow"])).Distinct().Count().ShouldBe(9);
    }

    [Fact]
    public async Task A_request_is_counted_with_its_latency_its_way_and_its_outcome()
    {
        await using var server = await DegradedServer.StartAsync(http =>
        {
            var late = http.Request.Headers.ContainsKey("late");
            http.Response.StatusCode = http.Request.Headers.ContainsKey("fail") ? 500 : 200;
            http.RequestServices.GetRequiredService<TimeProvider>().ShouldBeOfType<VirtualClock>().Advance(TimeSpan.FromSeconds(late ? 2.5 : 0.25));
            return Task.CompletedTask;
        });
        await server.PostAsync();
        await server.PostAsync(change: request => request.Headers.Add("fail", "1"));
        await server.PostAsync(change: request => request.Headers.Add("late", "1"));
        await server.PostAsync("/other");

        server.Measured.Of(SignalMetrics.Durations).Select(one => (one.Value, one.Labels.Count)).ShouldBe([(0.25, 1), (0.25, 1), (2.5, 1)]);
        Counted(server).ShouldBe([("normal", "false", "false", 1), ("normal", "false", "true", 1), ("normal", "true", "false", 1)]);
    }

    [Fact]
    public async Task The_cheaper_way_is_counted_as_such()
    {
        await using var server = await DegradedServer.StartAsync(http => Task.CompletedTask);
        server.Service.Force(DegradationLevel.Degraded, "drill");
        await server.PostAsync();
        Counted(server).ShouldBe([("cheaper", "false", "false", 1)]);
    }

    [Fact]
    public async Task A_refused_request_is_traffic_and_tells_nothing_else()
    {
        await using var server = await DegradedServer.StartAsync(http => Task.CompletedTask);
        server.Service.Force(DegradationLevel.Broken, "drill");
        await server.PostAsync();
        server.Measured.Of(SignalMetrics.Durations).ShouldBeEmpty();
        Counted(server).ShouldBe([("refused", "false", "false", 1)]);
    }

    [Fact]
    public void Boundaries_grow_by_a_quarter_from_a_millisecond_to_over_a_minute()
    {
        var boundaries = SignalMetrics.Boundaries;
        (boundaries[0], boundaries[^1]).ShouldBe((0.001, 70.1));
        boundaries.Zip(boundaries.Skip(1)).ShouldAllBe(pair => pair.Second / pair.First > 1.24 && pair.Second / pair.First < 1.26);
    }

    [Fact]
    public void The_histogram_says_its_boundaries_to_who_collects_it()
    {
        Histogram<double>? published = null;
        using var listener = new MeterListener();
        using var measured = new Measurements();
        listener.InstrumentPublished = (instrument, _) => published = instrument.Meter.Scope == measured && instrument.Name == SignalMetrics.Durations ? (Histogram<double>)instrument : published;
        listener.Start();
        using var metrics = new SignalMetrics("1", measured);
        published!.Advice!.HistogramBucketBoundaries!.ShouldBe(SignalMetrics.Boundaries);
    }

    [Fact]
    public void Counting_allocates_nothing()
    {
        using var metrics = new SignalMetrics("1");
        Serve(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Serve(10_000);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Serve(int requests)
        {
            for (var request = 0; request < requests; request++)
            {
                metrics.Served(TimeSpan.FromMilliseconds(request), tookNormalWay: true, hasFailed: false, isSlow: false);
            }
        }
    }

    private static IEnumerable<(object?, object?, object?, double)> Counted(DegradedServer server) => server.Measured.Observe(SignalMetrics.Requests)
        .Where(count => count.Value > 0)
        .Select(count => (count.Labels["way"], count.Labels["failed"], count.Labels["slow"], count.Value))
        .OrderBy(count => (count.Item1!.ToString(), count.Item2!.ToString(), count.Item3!.ToString()));
}
