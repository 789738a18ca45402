using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Resilience.Tests.Deadlines;

public sealed class CallContextMiddlewareTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_endpoint_sees_what_its_caller_sent()
    {
        CallContext? seen = null;
        await using var server = await ContextServer.StartAsync(async http =>
        {
            await Task.Yield();
            seen = CallContext.Current;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        });
        using var response = await server.GetAsync(("x-deadline-ms", "500"), ("x-retry-attempt", "2"), ("X-Release-Channel", "canary"));

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        seen.ShouldNotBeNull().Deadline.Remaining.ShouldBe(TimeSpan.FromMilliseconds(500));
        (seen.CallerAttempt, seen.Channel).ShouldBe((2, ReleaseChannel.Canary));
        server.Clock.ActiveTimers.ShouldBe(0);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("99999999999")]
    public async Task A_deadline_that_is_none_stops_nothing_and_is_counted(string text)
    {
        var isNone = false;
        await using var server = await ContextServer.StartAsync(_ =>
        {
            isNone = Deadline.Current.IsNone;
            return Task.CompletedTask;
        });
        using var response = await server.GetAsync(("x-deadline-ms", text));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        isNone.ShouldBeTrue();
        server.Measured.Of("resilience.header.ignored.count").ShouldHaveSingleItem().Labels["header"].ShouldBe("x-deadline-ms");
    }

    [Fact]
    public async Task A_spent_deadline_is_refused_and_nothing_is_done()
    {
        await using var server = await ContextServer.StartAsync(_ => Task.CompletedTask);
        using var response = await server.GetAsync(("x-deadline-ms", "0"));

        await ShouldBeDeadlineExceededAsync(response);
        server.Served.ShouldBe(0);
        server.Measured.Sum("resilience.deadline.spent.count").ShouldBe(1);
    }

    [Fact]
    public async Task A_spent_grpc_deadline_is_refused_with_trailers_only()
    {
        await using var server = await ContextServer.StartAsync(_ => Task.CompletedTask);
        using var response = await server.GetAsync(("Content-Type", "application/grpc"), ("grpc-timeout", "0m"));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/grpc");
        response.Headers.GetValues("grpc-status").ShouldBe(["4"]);
        Uri.UnescapeDataString(response.Headers.GetValues("grpc-message").Single()).ShouldContain("No time was left");
        (await response.Content.ReadAsByteArrayAsync(Cancelled)).ShouldBeEmpty();
        server.Served.ShouldBe(0);
        server.Measured.Sum("resilience.deadline.spent.count").ShouldBe(1);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Work_is_cancelled_at_the_deadline_and_answered_with_504(bool isReal, bool hasSetLength)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ContextServer.StartAsync(async http =>
        {
            http.Response.ContentLength = hasSetLength ? 5 : null;
            started.SetResult();
            await ContextServer.UntilCancelledAsync(http.RequestAborted);
        }, isReal: isReal);
        var answer = server.GetAsync(("x-deadline-ms", "500"));
        await started.Task;
        server.Clock.Advance(TimeSpan.FromMilliseconds(499));
        answer.IsCompleted.ShouldBeFalse();
        server.Clock.Advance(TimeSpan.FromMilliseconds(1));

        using var response = await answer;
        await ShouldBeDeadlineExceededAsync(response);
        server.Clock.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public async Task Work_that_is_done_in_spite_of_the_deadline_is_answered_as_it_is()
    {
        ContextServer? server = null;
        await using var started = server = await ContextServer.StartAsync(http =>
        {
            server!.Clock.Advance(TimeSpan.FromSeconds(1));
            http.RequestAborted.IsCancellationRequested.ShouldBeTrue();
            http.Response.StatusCode = StatusCodes.Status201Created;
            return Task.CompletedTask;
        });
        using var response = await server.GetAsync(("x-deadline-ms", "500"));
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Work_is_cancelled_when_its_caller_has_gone(bool isReal, bool hasDeadline)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ContextServer.StartAsync(async http =>
        {
            started.SetResult();
            try
            {
                await ContextServer.UntilCancelledAsync(http.RequestAborted);
            }
            catch (OperationCanceledException exception)
            {
                ended.SetResult(exception);
                throw;
            }
        }, isReal: isReal);
        using var caller = new CancellationTokenSource();
        var answer = server.SendAsync(caller.Token, hasDeadline ? [("x-deadline-ms", "500")] : []);
        await started.Task;
        await caller.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => answer);
        (await ended.Task.WaitAsync(Cancelled)).ShouldBeOfType<TaskCanceledException>();
    }

    [Fact]
    public async Task Other_failures_of_an_endpoint_stay_what_they_are()
    {
        await using var server = await ContextServer.StartAsync(_ => throw new FormatException("as thrown"));
        (await Should.ThrowAsync<FormatException>(() => server.GetAsync(("x-deadline-ms", "500")))).Message.ShouldBe("as thrown");
        server.Clock.ActiveTimers.ShouldBe(0);
    }

    [Fact]
    public async Task A_stranger_cannot_starve_a_request_switch_off_its_retries_or_inject_faults()
    {
        CallContext? seen = null;
        var names = new List<string>();
        await using var server = await ContextServer.StartAsync(
            http =>
            {
                seen = CallContext.Current;
                names.AddRange(http.Request.Headers.Keys);
                return Task.CompletedTask;
            },
            isEdge: true);
        (string, string)[] forged =
        [
            ("x-deadline-ms", "0"), ("x-retry-attempt", "9"), ("x-chaos-experiment", "kill"), ("x-degraded", "yes"), ("grpc-timeout", "0m"), ("X-Release-Channel", "canary"),
        ];
        using var response = await server.GetAsync(forged);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        seen.ShouldNotBeNull().Deadline.IsNone.ShouldBeTrue();
        (seen.CallerAttempt, seen.Channel).ShouldBe((0, ReleaseChannel.Canary));
        names.ShouldNotContain(name => name.StartsWith("x-deadline") || name.StartsWith("x-retry") || name.StartsWith("x-chaos") || name.StartsWith("x-degraded") || name.StartsWith("grpc"));
        server.Measured.Of("resilience.header.ignored.count").Select(one => one.Labels["header"]).ShouldBe(
            ["x-deadline-ms", "x-retry-attempt", "x-chaos-experiment", "x-degraded", "grpc-timeout"], ignoreOrder: true);
    }

    [Fact]
    public async Task Ordinary_requests_of_strangers_are_not_counted()
    {
        await using var server = await ContextServer.StartAsync(_ => Task.CompletedTask, isEdge: true);
        using var response = await server.GetAsync(("Idempotency-Key", "1"));
        server.Measured.Of("resilience.header.ignored.count").ShouldBeEmpty();
    }

    private static async Task ShouldBeDeadlineExceededAsync(HttpResponseMessage response)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled));
        problem.RootElement.GetProperty("code").GetString().ShouldBe("DEADLINE_EXCEEDED");
        problem.RootElement.GetProperty("status").GetInt32().ShouldBe(504);
    }
}
