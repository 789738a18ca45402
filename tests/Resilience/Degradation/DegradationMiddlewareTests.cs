using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Tests.Policies;

namespace Resilience.Tests.Degradation;

/// <summary>What a request of a service notices of its degradation, and the service of its requests.</summary>
public sealed class DegradationMiddlewareTests
{
    private static readonly RequestDelegate Fine = http => http.Response.WriteAsync(http.Degradation().TakesNormalWay ? "normal" : "cheap");

    [Fact]
    public async Task A_request_is_a_signal_of_its_endpoint()
    {
        await using var server = await DegradedServer.StartAsync(Fine);
        (await (await server.PostAsync()).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("normal");
        await server.PostAsync("/marked/2");
        await server.PostAsync("/other");

        var window = server.Service.Endpoints.ShouldHaveSingleItem();
        (window.Key, window.Value.Requests, window.Value.Failures).ShouldBe(("/marked/{id}", 2, 0));
    }

    [Theory]
    [InlineData(200, false)]
    [InlineData(404, false)]
    [InlineData(409, false)]
    [InlineData(429, false)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(504, true)]
    public async Task A_status_from_500_is_a_failure(int status, bool isFailure)
    {
        await using var server = await DegradedServer.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await server.PostAsync();
        server.Service.Reading.All.Failures.ShouldBe(isFailure ? 1 : 0);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(5, false)]
    [InlineData(8, false)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    [InlineData(13, true)]
    [InlineData(14, true)]
    [InlineData(15, true)]
    public async Task A_grpc_status_that_is_the_service_s_fault_is_a_failure(int status, bool isFailure)
    {
        await using var server = await DegradedServer.StartAsync(http =>
        {
            http.Response.Headers["grpc-status"] = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        });
        await server.PostAsync(change: request => request.Content!.Headers.ContentType = new("application/grpc"));
        server.Service.Reading.All.Failures.ShouldBe(isFailure ? 1 : 0);
    }

    [Fact]
    public async Task An_exception_is_a_failure()
    {
        await using var server = await DegradedServer.StartAsync(_ => throw new InvalidOperationException("a defect"));
        await Should.ThrowAsync<InvalidOperationException>(() => server.PostAsync());
        server.Service.Reading.All.Failures.ShouldBe(1);
    }

    [Fact]
    public async Task A_request_that_is_wrong_is_its_caller_s_fault()
    {
        await using var server = await DegradedServer.StartAsync(_ => throw new BadHttpRequestException("no JSON"));
        await Should.ThrowAsync<BadHttpRequestException>(() => server.PostAsync());
        (server.Service.Reading.All.Requests, server.Service.Reading.All.Failures).ShouldBe((1, 0));
    }

    [Fact]
    public async Task A_handler_may_count_what_it_answers_as_failed()
    {
        await using var server = await DegradedServer.StartAsync(http =>
        {
            http.Degradation().CountAsFailed();
            http.Response.StatusCode = 202;
            return Task.CompletedTask;
        });
        await server.PostAsync();
        server.Service.Reading.All.Failures.ShouldBe(1);
    }

    [Theory]
    [InlineData(1500, 0)]
    [InlineData(2500, 1)]
    public async Task A_deadline_that_comes_too_early_tells_nothing_and_one_that_comes_late_is_a_failure(int milliseconds, int requests)
    {
        DegradedServer? server = null;
        await using var started = server = await DegradedServer.StartAsync(async http =>
        {
            server!.Clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            await Task.FromCanceled(http.RequestAborted);
        });
        (await server.PostAsync(change: request => request.Headers.Add("x-deadline-ms", $"{milliseconds}"))).StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        (server.Service.Reading.All.Requests, server.Service.Reading.All.Failures).ShouldBe((requests, requests));
    }

    [Fact]
    public async Task What_a_service_asks_of_itself_to_get_warm_tells_nothing()
    {
        await using var server = await DegradedServer.StartAsync(http =>
        {
            http.Features.Set<IHttpMetricsTagsFeature>(new Uncounted());
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await server.PostAsync();
        server.Service.Reading.All.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task A_degraded_service_takes_the_cheaper_way_and_says_so()
    {
        await using var server = await DegradedServer.StartAsync(http =>
        {
            http.Degradation().Say("from-memory");
            return http.Response.WriteAsync(http.Degradation().TakesNormalWay ? "normal" : "cheap");
        });
        server.Service.Force(DegradationLevel.Degraded, "drill");
        var answer = await server.PostAsync();
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("cheap");
        answer.Headers.GetValues("x-degraded").ShouldBe(["from-memory"]);
        server.Measured.Of("resilience.degradation.answer.count").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_broken_service_refuses_and_says_when_to_come_again()
    {
        var served = 0;
        await using var server = await DegradedServer.StartAsync(http =>
        {
            served++;
            return Fine(http);
        });
        server.Service.Force(DegradationLevel.Broken, "drill");
        var answer = await server.PostAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.GetValues("x-degraded").ShouldBe(["refused"]);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["code"]!.GetValue<string>().ShouldBe("SERVICE_DEGRADED");
        (served, server.Service.Reading.All.Requests).ShouldBe((0, 0));
        (await server.PostAsync("/other")).StatusCode.ShouldBe(HttpStatusCode.OK, "it is not marked");

        var grpc = await server.PostAsync(change: request => request.Content!.Headers.ContentType = new("application/grpc"));
        (grpc.StatusCode, grpc.Headers.GetValues("grpc-status").Single()).ShouldBe((HttpStatusCode.OK, "14"));
    }

    [Fact]
    public async Task A_change_of_policies_holds_for_the_next_request()
    {
        await using var server = await DegradedServer.StartAsync(Fine);
        var registry = server.Services.GetRequiredService<DependencyRegistry>();
        registry.Apply(GoodDocument.Load("degradation: { p99_limit_ms: 70 }\nservices: { shop: { degradation: { error_limit: 0.5 } } }"), 1, "x");
        (server.Service.Current.Policy.P99Limit, server.Service.Current.Policy.ErrorLimit).ShouldBe((TimeSpan.FromMilliseconds(70), 0.5));
    }

    [Fact]
    public async Task Each_change_is_told_to_every_listener()
    {
        var heard = new Listener();
        await using var server = await DegradedServer.StartAsync(Fine, services => services.AddSingleton<IDegradationListener>(heard));
        server.Service.Force(DegradationLevel.Alert, "drill");
        heard.Changes.ShouldHaveSingleItem().Reason.ShouldBe("drill");
        server.Measured.Of("resilience.degradation.change.count").ShouldHaveSingleItem();
    }

    [Fact]
    public void A_request_of_no_marked_endpoint_takes_the_normal_way()
    {
        var http = new DefaultHttpContext();
        http.Degradation().TakesNormalWay.ShouldBeTrue();
        http.Degradation().Say("nothing");
        http.Response.Headers.ShouldBeEmpty();
    }

    private sealed class Listener : IDegradationListener
    {
        public List<DegradationChange> Changes { get; } = [];

        public void OnChange(DegradationChange change) => Changes.Add(change);
    }

    private sealed class Uncounted : IHttpMetricsTagsFeature
    {
        public ICollection<KeyValuePair<string, object?>> Tags { get; } = [];

        public bool MetricsDisabled { get; set; } = true;
    }
}
