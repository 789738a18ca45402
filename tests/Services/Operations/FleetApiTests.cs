using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Services.Tests.Operations;

/// <summary>The fleet's degradation in Operations, on a real etcd.</summary>
public sealed class FleetApiTests(PostgresServer postgres, EtcdServer etcd) : IAsyncLifetime
{
    private readonly string _prefix = $"/{Guid.NewGuid():N}/degradation";
    private readonly MockKafka _kafka = new();
    private OperationsHost _host = null!;
    private EtcdFleetStore _orders = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await OperationsHost.StartAsync(
            postgres,
            _kafka.BootstrapServers,
            ("ConnectionStrings:etcd", $"Endpoints={etcd.Endpoint};Prefix=/{Guid.NewGuid():N}/config"),
            ("Policies:Follow", "true"),
            ("Policies:Etcd:DegradationPrefix", _prefix),
            ("OTEL_SERVICE_NAME", "operations"),
            ("Operator:Key", "secret"));
        _orders = new EtcdFleetStore(new EtcdPolicyOptions { Endpoints = etcd.Endpoint }, new EtcdFleetOptions { Prefix = _prefix });
        await UntilAsync(fleet => fleet.GetProperty("problem").ValueKind == JsonValueKind.Null);
    }

    public async ValueTask DisposeAsync()
    {
        await _orders.DisposeAsync();
        await _host.DisposeAsync();
        _kafka.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task All_services_are_there_and_what_one_says_of_itself_is_shown()
    {
        var services = (await _host.Http.GetFromJsonAsync<JsonElement>("/api/degradation", TestContext.Current.CancellationToken)).GetProperty("services").EnumerateArray().ToList();
        services.Select(service => service.GetProperty("service").GetString()).ShouldBe(["gateway", "inventory", "operations", "orders", "payments", "payments-canary"]);
        services.ShouldAllBe(service => service.GetProperty("level").GetString() == "normal");

        await _orders.LeadAsync("orders", new FleetDegradation(DegradationLevel.Degraded, 0.05, IsForced: false, "errors", "orders/1", DateTimeOffset.UnixEpoch), Cancel);
        var orders = await UntilAsync("orders", "degraded");
        (orders.GetProperty("normalShare").GetDouble(), orders.GetProperty("reason").GetString(), orders.GetProperty("by").GetString()).ShouldBe((0.05, "errors", "orders/1"));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_operator_holds_a_service_and_lets_it_go()
    {
        using var forced = await ActAsync("/api/degradation/payments/force?level=broken&reason=drill");
        forced.StatusCode.ShouldBe(HttpStatusCode.OK, await forced.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var payments = await UntilAsync("payments", "broken");
        (payments.GetProperty("isForced").GetBoolean(), payments.GetProperty("by").GetString()).ShouldBe((true, "ann"));

        using var released = await ActAsync("/api/degradation/payments/release?reason=drill+over");
        released.StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilAsync("payments", "normal");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_an_operator_degrades_hears_of_it_and_tells_why()
    {
        using var forced = await ActAsync("/api/degradation/operations/force?level=degraded&reason=drill");
        await UntilAsync("operations", "degraded");
        var own = await UntilAsync(own => own.GetProperty("fleet").ValueKind != JsonValueKind.Null && own.GetProperty("changes").GetArrayLength() > 0, "/resilience/degradation");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        (own.GetProperty("level").GetString(), own.GetProperty("fleet").GetProperty("reason").GetString()).ShouldBe(("degraded", "drill"));
        own.GetProperty("changes")[0].GetProperty("reason").GetString()!.ShouldBe("Fleet at Degraded, by ann: drill");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/api/degradation/payments/force?level=half&reason=drill", HttpStatusCode.BadRequest, "level is 'half'; it must be normal, alert, degraded or broken.")]
    [InlineData("/api/degradation/payments/force?level=broken", HttpStatusCode.BadRequest, "reason is not there")]
    [InlineData("/api/degradation/payments/release", HttpStatusCode.BadRequest, "reason is not there")]
    [InlineData("/api/degradation/paymnets/force?level=broken&reason=drill", HttpStatusCode.NotFound, "there are gateway, inventory, operations, orders, payments, payments-canary")]
    public async Task What_cannot_be_done_is_refused_and_says_why(string path, HttpStatusCode status, string said)
    {
        using var answer = await ActAsync(path);
        answer.StatusCode.ShouldBe(status);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(said);
    }

    [Fact(Timeout = 60_000)]
    public async Task Nobody_without_the_key_acts()
    {
        using var answer = await ActAsync("/api/degradation/payments/force?level=broken&reason=drill", "guess");
        (await Problem.ReadAsync(answer)).Code.ShouldBe("UNAUTHENTICATED");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<HttpResponseMessage> ActAsync(string path, string key = "secret")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("X-Operator-Key", key);
        request.Headers.Add("X-Operator", "ann");
        return await _host.Http.SendAsync(request, Cancel);
    }

    private async Task<JsonElement> UntilAsync(string service, string level)
    {
        var fleet = await UntilAsync(fleet => Of(fleet).GetProperty("level").GetString() == level);
        return Of(fleet);

        JsonElement Of(JsonElement fleet) => fleet.GetProperty("services").EnumerateArray().Single(one => one.GetProperty("service").GetString() == service);
    }

    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> isReached, string path = "/api/degradation")
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            var fleet = await _host.Http.GetFromJsonAsync<JsonElement>(path, Cancel);
            if (isReached(fleet))
            {
                return fleet;
            }

            await timer.WaitForNextTickAsync(Cancel);
        }
    }
}
