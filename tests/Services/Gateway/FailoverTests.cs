using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.Gateway;

public sealed class FailoverTests
{
    // Port 1 is reserved and nobody listens there.
    private static readonly Uri DeadAddress = new("http://127.0.0.1:1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_without_a_reachable_instance_is_503_with_a_body()
    {
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, DeadAddress));

        var problem = await Problem.ReadAsync(await gateway.Http.PostAsync("/orders", Json.Body("{}"), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        problem.Code.ShouldBe(ProblemCodes.ServiceUnavailable);
        problem.Detail!.ShouldContain("orders");
    }

    [Fact]
    public async Task A_service_that_discovery_does_not_know_is_503_with_a_body()
    {
        await using var gateway = GatewayHost.Start();

        var problem = await Problem.ReadAsync(await gateway.Http.GetAsync("/orders/42", Cancel));

        problem.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        problem.Code.ShouldBe(ProblemCodes.ServiceUnavailable);
    }

    [Fact]
    public async Task With_one_of_two_instances_dead_every_post_reaches_the_other_with_its_body()
    {
        await using var alive = await StubServer.StartAsync(Echo);
        await using var gateway = GatewayHost.Start(
            GatewayHost.Instance("orders", 0, DeadAddress),
            GatewayHost.Instance("orders", 1, alive.Address));

        for (var i = 0; i < 20; i++)
        {
            var response = await gateway.Http.PostAsync("/orders", Json.Body($$"""{"number":{{i}}}"""), Cancel);

            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await response.Content.ReadAsStringAsync(Cancel)).ShouldBe($$"""{"number":{{i}}}""");
        }
    }

    [Fact]
    public async Task An_instance_that_refuses_connections_does_not_open_the_breaker_of_those_that_answer()
    {
        await using var alive = await StubServer.StartAsync(Echo);
        await using var gateway = GatewayHost.Start(
            [
                GatewayHost.Instance("orders", 0, DeadAddress),
                GatewayHost.Instance("orders", 1, alive.Address),
                ("ReverseProxy:Clusters:orders:HealthCheck:Passive:Enabled", "false"),
                ("ReverseProxy:Clusters:orders:HealthCheck:Active:Enabled", "false"),
                ("ReverseProxy:Clusters:orders:LoadBalancingPolicy", "FirstAlphabetical"),
            ]);

        for (var i = 0; i < 50; i++)
        {
            (await gateway.Http.PostAsync("/orders", Json.Body("{}"), Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Both_instances_are_used()
    {
        await using var first = await StubServer.StartAsync(context => context.Response.WriteAsync("first"));
        await using var second = await StubServer.StartAsync(context => context.Response.WriteAsync("second"));
        await using var gateway = GatewayHost.Start(
            GatewayHost.Instance("orders", 0, first.Address),
            GatewayHost.Instance("orders", 1, second.Address));

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => gateway.Http.GetStringAsync("/orders/42", Cancel)));

        answers.Distinct().ShouldBe(["first", "second"], ignoreOrder: true);
    }

    [Fact]
    public async Task An_instance_that_dies_and_comes_back_at_its_address_is_used_again()
    {
        var first = await StubServer.StartAsync(context => context.Response.WriteAsync("first"));
        var address = first.Address;
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, address));
        (await gateway.Http.GetStringAsync("/orders/42", Cancel)).ShouldBe("first");

        await first.DisposeAsync();
        (await Problem.ReadAsync(await gateway.Http.GetAsync("/orders/42", Cancel))).Code.ShouldBe(ProblemCodes.ServiceUnavailable);

        await using var again = await StubServer.StartAsync(context => context.Response.WriteAsync("again"), address.ToString());
        (await gateway.Http.GetStringAsync("/orders/42", Cancel)).ShouldBe("again");
    }

    [Fact]
    public async Task A_service_that_breaks_off_is_503_and_a_request_that_must_not_act_twice_is_not_sent_again()
    {
        var asked = 0;
        await using var broken = await StubServer.StartAsync(async context =>
        {
            Interlocked.Increment(ref asked);
            await context.Request.Body.CopyToAsync(Stream.Null, Cancel);
            context.Abort();
        });
        await using var gateway = GatewayHost.Start(
            GatewayHost.Instance("orders", 0, broken.Address),
            GatewayHost.Instance("orders", 1, new Uri(broken.Address.ToString().Replace("127.0.0.1", "localhost", StringComparison.Ordinal))));

        var problem = await Problem.ReadAsync(await gateway.Http.PostAsync("/orders", Json.Body("{}"), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        problem.Detail!.ShouldContain("whether the request had an effect is open");
        asked.ShouldBe(1);
    }

    [Theory]
    [InlineData("GET", null)]
    [InlineData("POST", "key-1")]
    public async Task What_may_arrive_twice_is_sent_to_the_next_instance_when_one_breaks_off(string method, string? key)
    {
        var bodies = new ConcurrentQueue<string>();
        RequestDelegate breakOff = async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            bodies.Enqueue(await reader.ReadToEndAsync(Cancel) + context.Request.Headers["x-retry-attempt"]);
            if (bodies.Count == 1)
            {
                context.Abort();
            }
        };
        await using var first = await StubServer.StartAsync(breakOff);
        await using var second = await StubServer.StartAsync(breakOff);
        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, first.Address), GatewayHost.Instance("orders", 1, second.Address));
        using var request = new HttpRequestMessage(new HttpMethod(method), key is null ? "/orders/42" : "/orders");
        if (key is not null)
        {
            request.Content = Json.Body("{}");
            request.Headers.Add("Idempotency-Key", key);
        }

        var response = await gateway.Http.SendAsync(request, Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        bodies.ShouldBe(key is null ? ["", "1"] : ["{}", "{}1"]);
    }

    private static async Task Echo(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
