using System.Diagnostics;

namespace Resilience.Tests.Telemetry;

public sealed class SpanTests : IDisposable
{
    private readonly TelemetryWorld _world = new();

    [Fact]
    public async Task A_retry_is_a_span_with_number_wait_and_error()
    {
        _world.Shop.Answer(503).Answer(502).Answer(200);
        var spans = await _world.TraceAsync(new CallContext { Channel = ReleaseChannel.Canary });

        spans.Select(span => span.OperationName).ShouldBe(["retry shop", "retry shop", "GET /"]);
        var (first, second, request) = (spans[0], spans[1], spans[2]);
        Tag(first, "retry.count").ShouldBe(1);
        Tag(first, "retry.backoff.ms").ShouldBe(100.0);
        Tag(first, "retry.reason").ShouldBe("http_503");
        Tag(first, "error.type").ShouldBe("http_502");
        Tag(first, "resilience.tier").ShouldBe("L2");
        Tag(first, "resilience.dependency").ShouldBe("shop");
        Tag(first, "resilience.channel").ShouldBe("canary");
        first.Status.ShouldBe(ActivityStatusCode.Error);
        Tag(second, "retry.count").ShouldBe(2);
        Tag(second, "retry.backoff.ms").ShouldBe(200.0);
        Tag(second, "error.type").ShouldBeNull();
        second.Status.ShouldBe(ActivityStatusCode.Unset);
        Tag(request, "retry.count").ShouldBe(2);
        spans.Take(2).ShouldAllBe(span => span.ParentSpanId == request.SpanId);
    }

    [Fact]
    public async Task A_refused_call_is_a_span_that_says_why()
    {
        _world.Registry.Get("shop").Breaker()!.Isolate("ada", "maintenance");
        var spans = await _world.TraceAsync();

        spans.Select(span => span.OperationName).ShouldBe(["refused shop", "GET /"]);
        Tag(spans[0], "error.type").ShouldBe("BREAKER_OPEN");
        Tag(spans[0], "retry.count").ShouldBe(0);
        spans[0].Status.ShouldBe(ActivityStatusCode.Error);
        spans[0].StatusDescription.ShouldNotBeNull().ShouldContain("reset it");
        Tag(spans[1], "error.type").ShouldBe("BREAKER_OPEN");
    }

    [Fact]
    public async Task A_retry_for_which_there_is_no_time_says_what_was_left_and_the_last_cause()
    {
        _world.Shop.Answer(503).Forever();
        var spans = await _world.TraceAsync(new CallContext { Deadline = Deadline.After(TimeSpan.FromMilliseconds(60), _world.Clock) });

        spans.Select(span => span.OperationName).ShouldBe(["refused shop", "GET /"]);
        Tag(spans[0], "error.type").ShouldBe("NOT_ENOUGH_TIME");
        Tag(spans[0], "resilience.time_left.ms").ShouldBe(60.0);
        Tag(spans[0], "resilience.last_cause").ShouldBe("http_503");
        Tag(spans[1], "retry.stopped").ShouldBe("not_enough_time");
    }

    [Fact]
    public async Task A_call_that_works_at_once_adds_no_span()
    {
        var spans = await _world.TraceAsync();
        spans.ShouldHaveSingleItem().TagObjects.ShouldBeEmpty();
    }

    [Fact]
    public async Task Outside_a_trace_nothing_is_made()
    {
        var before = Activity.Current;
        _world.Shop.Answer(503).Answer(200);
        await _world.CallAsync();
        Activity.Current.ShouldBe(before);
    }

    public void Dispose() => _world.Dispose();

    private static object? Tag(Activity span, string name) => span.GetTagItem(name);
}
