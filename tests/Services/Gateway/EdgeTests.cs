using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Yarp.ReverseProxy.Configuration;

namespace Services.Tests.Gateway;

public sealed class EdgeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Control_headers_of_strangers_do_not_pass_and_other_headers_do()
    {
        var seen = new ConcurrentDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await using var orders = await StubServer.StartAsync(context =>
        {
            foreach (var (name, value) in context.Request.Headers)
            {
                seen[name] = value.ToString();
            }

            return Task.CompletedTask;
        });
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, orders.Address));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/42")
        {
            Headers =
            {
                { "x-deadline-ms", "999999" },
                { "X-Retry-Attempt", "3" },
                { "x-chaos-experiment", "kill-everything" },
                { "x-degraded", "yes" },
                { "x-recovery-trial", "1" },
                { "Idempotency-Key", "key-1" },
                { "X-Release-Channel", "canary" },
            },
        };

        await gateway.Http.SendAsync(request, Cancel);

        int.Parse(seen["x-deadline-ms"], CultureInfo.InvariantCulture).ShouldBeInRange(1, 1000);
        seen.ShouldNotContainKey("x-retry-attempt");
        seen.ShouldNotContainKey("x-chaos-experiment");
        seen.ShouldNotContainKey("x-degraded");
        seen.ShouldNotContainKey("x-recovery-trial");
        seen["Idempotency-Key"].ShouldBe("key-1");
        seen["X-Release-Channel"].ShouldBe("canary");
    }

    [Fact]
    public async Task A_request_that_passes_the_gateway_s_forced_breaker_says_that_it_is_a_trial()
    {
        string? trial = null;
        await using var orders = await StubServer.StartAsync(context =>
        {
            trial = context.Request.Headers["x-recovery-trial"];
            return Task.CompletedTask;
        });
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, orders.Address));
        gateway.Services.GetRequiredService<DependencyRegistry>().Get("orders").Follow(
            new FleetDegradation(DegradationLevel.Broken, 0.999999, IsForced: false, "errors", "orders/1", DateTimeOffset.UnixEpoch));
        (await gateway.Http.GetAsync("/orders/42", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        trial.ShouldBe("1");
    }

    [Theory]
    [InlineData("POST", "/orders", 2000)]
    [InlineData("GET", "/orders/42", 1000)]
    [InlineData("POST", "/orders/42/cancel", 2000)]
    public async Task The_deadline_is_the_routes_sla(string method, string path, int sla)
    {
        string? deadline = null;
        await using var orders = await StubServer.StartAsync(context =>
        {
            deadline = context.Request.Headers["x-deadline-ms"];
            return Task.CompletedTask;
        });
        // A clock that stands still: not a millisecond passes on the way.
        await using var gateway = GatewayHost.Start(new FakeTimeProvider(), GatewayHost.Instance("orders", 0, orders.Address));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        await gateway.Http.SendAsync(request, Cancel);

        deadline.ShouldBe(sla.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_request_whose_deadline_passes_ends_with_504_and_is_cancelled_at_the_service()
    {
        var cancelled = new TaskCompletionSource();
        await using var orders = await StubServer.StartAsync(async context =>
        {
            using var registration = context.RequestAborted.Register(cancelled.SetResult);
            await cancelled.Task;
        });
        await using var gateway = GatewayHost.Start(
            GatewayHost.Instance("orders", 0, orders.Address),
            ("ReverseProxy:Routes:order:Metadata:Deadline", "150"),
            ("Gateway:DeadlineGrace", "00:00:00.050"));

        var problem = await Problem.ReadAsync(await gateway.Http.GetAsync("/orders/42", Cancel));

        problem.Status.ShouldBe(HttpStatusCode.GatewayTimeout);
        problem.Code.ShouldBe(ProblemCodes.DeadlineExceeded);
        problem.Detail!.ShouldContain("150 ms");
        await cancelled.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task An_answer_within_the_grace_wins_over_the_gateways_504()
    {
        var time = new FakeTimeProvider();
        await using var orders = await StubServer.StartAsync(context =>
        {
            time.Advance(TimeSpan.FromMilliseconds(2200));
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return Task.CompletedTask;
        });
        await using var gateway = GatewayHost.Start(time, GatewayHost.Instance("orders", 0, orders.Address));

        (await gateway.Http.PostAsync("/orders", Json.Body("{}"), Cancel)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public void A_route_without_an_sla_is_refused_by_name() =>
        Should.Throw<InvalidOperationException>(() => RouteDeadline.Of(new RouteConfig { RouteId = "place-order" }, policies: null))
            .Message.ShouldContain("routes.place-order.sla_ms");

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("2s")]
    [InlineData("3600001")]
    public void A_route_without_a_valid_sla_is_refused_by_name(string deadline)
    {
        var route = new RouteConfig { RouteId = "place-order", Metadata = new Dictionary<string, string> { ["Deadline"] = deadline } };

        Should.Throw<InvalidOperationException>(() => RouteDeadline.Of(route, policies: null)).Message.ShouldContain($"place-order:Metadata:Deadline is '{deadline}'");
    }

    [Fact]
    public async Task A_body_that_says_it_is_too_large_never_reaches_a_service()
    {
        var asked = false;
        await using var orders = await StubServer.StartAsync(_ =>
        {
            asked = true;
            return Task.CompletedTask;
        });
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, orders.Address));

        var problem = await Problem.ReadAsync(await gateway.Http.PostAsync("/orders", Json.Body(new string(' ', 1024 * 1024 + 1)), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        problem.Code.ShouldBe(ProblemCodes.BodyTooLarge);
        asked.ShouldBeFalse();
    }

    [Fact]
    public async Task A_body_that_turns_out_too_large_is_cut_off_with_the_same_answer()
    {
        await using var orders = await StubServer.StartAsync(context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted));
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, orders.Address));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes(new string(' ', 1024 * 1024 + 1)))),
            Headers = { TransferEncodingChunked = true },
        };

        var problem = await Problem.ReadAsync(await gateway.Http.SendAsync(request, Cancel));

        problem.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        problem.Code.ShouldBe(ProblemCodes.BodyTooLarge);
    }

    [Theory]
    [InlineData(415, "UNSUPPORTED_MEDIA_TYPE")]
    [InlineData(404, "NOT_FOUND")]
    [InlineData(409, "OUT_OF_STOCK")]
    [InlineData(503, "BUSY")]
    [InlineData(504, "DEADLINE_EXCEEDED")]
    public async Task A_services_own_problem_passes_as_it_is(int status, string code)
    {
        var body = $$"""{"status":{{status}},"code":"{{code}}","detail":"from the service"}""";
        await using var orders = await StubServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/problem+json";
            return context.Response.WriteAsync(body);
        });
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, orders.Address));

        var response = await gateway.Http.GetAsync("/orders/42", Cancel);

        ((int)response.StatusCode).ShouldBe(status);
        (await response.Content.ReadAsStringAsync(Cancel)).ShouldBe(body);
    }
}
