using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Releasing;

/// <summary>Where the calls of a client go whose dependency has a canary, and what is counted of them.</summary>
public sealed class CanaryHandlerTests : IAsyncDisposable
{
    private static readonly FleetRelease Analysing = new(ReleaseStage.Analysing, 0.3, "r1", "test", "test", DateTimeOffset.UnixEpoch);

    private readonly Measurements _measured = new();
    private readonly Servers _servers = new();
    private readonly ServiceProvider _services;

    public CanaryHandlerTests()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IMeterFactory>(_measured);
        services.AddCanary("payments", "payments-canary");
        services.AddResilientHttpClient("payments", client => client.BaseAddress = new Uri("http://payments")).ConfigurePrimaryHttpMessageHandler(() => _servers);
        services.AddResilientHttpClient("inventory", client => client.BaseAddress = new Uri("http://inventory")).ConfigurePrimaryHttpMessageHandler(() => _servers);
        _services = services.BuildServiceProvider();
    }

    private DependencyRegistry Registry => _services.GetRequiredService<DependencyRegistry>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _measured.Dispose();
    }

    [Fact]
    public async Task Of_ten_thousand_tagged_calls_none_is_on_the_wrong_side()
    {
        Follow(Analysing);
        await Parallel.ForEachAsync(Enumerable.Range(0, 10_000), TestContext.Current.CancellationToken, async (number, _) =>
        {
            var channel = number % 10 < 3 ? ReleaseChannel.Canary : ReleaseChannel.Stable;
            using var scope = CallContext.Use(CallContext.None with { Channel = channel });
            using var answer = await SendAsync("payments", $"/{number}");
            answer.ServedByRelease().ShouldBe(channel);
            using var other = await SendAsync("inventory", $"/{number}");
            other.ServedByRelease().ShouldBe(ReleaseChannel.Stable, "it has no canary");
        });

        _servers.Seen.Count.ShouldBe(20_000);
        foreach (var (host, path, header) in _servers.Seen)
        {
            var isCanary = int.Parse(path[1..]) % 10 < 3;
            host.ShouldBe(host.StartsWith("inventory", StringComparison.Ordinal) ? "inventory" : isCanary ? "payments-canary" : "payments");
            header.ShouldBe(isCanary ? "canary" : null, "the channel goes on, also through a service without a canary");
        }
    }

    [Fact]
    public async Task A_release_that_was_rolled_back_serves_nobody_and_one_that_was_promoted_everybody()
    {
        Follow(Analysing with { Stage = ReleaseStage.RolledBack });
        using (CallContext.Use(CallContext.None with { Channel = ReleaseChannel.Canary }))
        {
            (await SendAsync("payments", "/1")).Dispose();
        }

        Follow(Analysing with { Stage = ReleaseStage.Promoted });
        (await SendAsync("payments", "/2")).Dispose();
        _servers.Seen.Select(seen => (seen.Host, seen.Path)).ShouldBe([("payments", "/1"), ("payments-canary", "/2")]);
    }

    [Fact]
    public async Task A_call_that_fails_while_the_canary_is_rolled_back_is_repeated_on_the_stable_release()
    {
        Follow(Analysing);
        _servers.Answer = request =>
        {
            Follow(Analysing with { Stage = ReleaseStage.RolledBack });
            return request.RequestUri!.Host == "payments-canary" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK;
        };
        using var scope = CallContext.Use(CallContext.None with { Channel = ReleaseChannel.Canary });
        using var answer = await SendAsync("payments", "/1");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        _servers.Seen.Select(seen => seen.Host).ShouldBe(["payments-canary", "payments"]);
    }

    [Fact]
    public async Task The_breakers_of_the_two_are_apart()
    {
        Follow(Analysing);
        Registry.Get("payments").Breaker(ReleaseChannel.Canary)!.Isolate("test", "test");
        (await SendAsync("payments", "/1")).Dispose();
        using var scope = CallContext.Use(CallContext.None with { Channel = ReleaseChannel.Canary });
        await Should.ThrowAsync<TieredCallException>(() => SendAsync("payments", "/2"));
    }

    [Fact]
    public async Task Attempts_and_checks_are_counted_for_the_release_that_served_them()
    {
        Follow(Analysing);
        using (CallContext.Use(CallContext.None with { Channel = ReleaseChannel.Canary }))
        {
            using var answer = await SendAsync("payments", "/1");
            answer.CountReleaseCheck("shape", hasPassed: false);
        }

        using var stable = await SendAsync("payments", "/2");
        stable.CountReleaseCheck("shape", hasPassed: true);
        using var other = await SendAsync("inventory", "/3");
        other.CountReleaseCheck("shape", hasPassed: true);

        Counts("success", "pass").ShouldBe((1, 1));
        Counts("shape", "pass").ShouldBe((1, 0));
        Counts("shape", "fail").ShouldBe((0, 1));
    }

    [Fact]
    public void An_endpoint_of_service_discovery_keeps_its_name()
    {
        var addresses = (CanaryAddresses)_services.GetRequiredService(typeof(CanaryAddresses));
        addresses.Find("payments")!(new Uri("http://_grpc.payments/charge")).ShouldBe(new Uri("http://_grpc.payments-canary/charge"));
    }

    private (double Stable, double Canary) Counts(string check, string result)
    {
        return (Of("stable"), Of("canary"));

        double Of(string channel) => _measured.Of("resilience.release.check.count")
            .Where(one => Equals(one.Labels["channel"], channel) && Equals(one.Labels["check"], check) && Equals(one.Labels["result"], result) && Equals(one.Labels["dependency"], "payments"))
            .Sum(one => one.Value);
    }

    private void Follow(FleetRelease release) => Registry.Follow(new Dictionary<string, FleetRelease> { ["payments"] = release });

    private async Task<HttpResponseMessage> SendAsync(string client, string path)
    {
        using var http = _services.GetRequiredService<IHttpClientFactory>().CreateClient(client);
        return await http.GetAsync(path, TestContext.Current.CancellationToken);
    }

    private sealed class Servers : HttpMessageHandler
    {
        public ConcurrentQueue<(string Host, string Path, string? Header)> Seen { get; } = new();

        public Func<HttpRequestMessage, HttpStatusCode> Answer { get; set; } = _ => HttpStatusCode.OK;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Enqueue((request.RequestUri!.Host, request.RequestUri.AbsolutePath, request.Headers.TryGetValues(ResilienceHeaders.ReleaseChannel, out var values) ? values.Single() : null));
            return Task.FromResult(new HttpResponseMessage(Answer(request)) { RequestMessage = request });
        }
    }
}
