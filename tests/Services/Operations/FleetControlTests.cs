using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.Operations;

/// <summary>Operations between a Prometheus that says what the test wants and a real etcd.</summary>
public sealed class FleetControlTests(PostgresServer postgres, EtcdServer etcd) : IAsyncLifetime
{
    private readonly List<DirectoryInfo> _folders = [];
    private readonly string _prefix = $"/{Guid.NewGuid():N}/degradation";
    private readonly MockKafka _kafka = new();
    private volatile string _state = "well";
    private StubServer _prometheus = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _prometheus = await StubServer.StartAsync(AnswerAsync);

    public async ValueTask DisposeAsync()
    {
        await _prometheus.DisposeAsync();
        _kafka.Dispose();
        _folders.ForEach(folder => folder.Delete(recursive: true));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_fleet_in_trouble_is_led_comes_back_step_by_step_and_all_of_it_is_on_record()
    {
        await using var host = await StartAsync(("ConnectionStrings:prometheus", _prometheus.Address.ToString()));
        await UntilAsync(host, page => Signals(page, "orders") is { } known && known.GetProperty("isEvidence").GetBoolean());

        _state = "bad";
        var led = await UntilAsync(host, page => Of(page, "orders").GetProperty("level").GetString() == "degraded");
        (Of(led, "orders").GetProperty("by").GetString()!, Of(led, "payments").GetProperty("level").GetString()).ShouldBe(("operations/1 by Prometheus", "normal"));
        Of(led, "orders").GetProperty("reason").GetString()!.ShouldContain("errors 20 % > 5 % (240 of 1200)");
        Signals(led, "orders")!.Value.GetProperty("all").EnumerateArray().Select(signal => (signal.GetProperty("signal").GetString(), signal.GetProperty("isCrossed").GetBoolean()))
            .ShouldBe([("p99", true), ("errors", true), ("slope", false)]);

        _state = "changed";
        await UntilAsync(host, page => Of(page, "orders").GetProperty("normalShare").GetDouble() is > 0 and < 1);
        var done = await UntilAsync(host, page => Of(page, "orders").GetProperty("by").ValueKind == JsonValueKind.Null);
        var decisions = done.GetProperty("prometheus").GetProperty("decisions").EnumerateArray().Select(one => one.GetProperty("normalShare").GetDouble()).Reverse().ToList();
        decisions.ShouldBe([0, 0.5, 1, 1]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 120_000)]
    public async Task Whoever_was_first_leads()
    {
        await using var orders = new EtcdFleetStore(new EtcdPolicyOptions { Endpoints = etcd.Endpoint }, new EtcdFleetOptions { Prefix = _prefix });
        await using var host = await StartAsync(("ConnectionStrings:prometheus", _prometheus.Address.ToString()));
        await orders.LeadAsync("orders", new FleetDegradation(DegradationLevel.Degraded, 0, IsForced: false, "its own signals", "orders/1", DateTimeOffset.UnixEpoch), Cancel);
        await UntilAsync(host, page => Of(page, "orders").GetProperty("by").GetString() == "orders/1");
        _state = "bad";
        var page = await UntilAsync(host, page => Signals(page, "orders") is { } known && known.GetProperty("all")[0].GetProperty("isCrossed").GetBoolean());
        Of(page, "orders").GetProperty("by").GetString().ShouldBe("orders/1");
        page.GetProperty("prometheus").GetProperty("decisions").GetArrayLength().ShouldBe(0);
        await orders.WithdrawAsync("orders", Cancel);
        await UntilAsync(host, page => Of(page, "orders").GetProperty("by").GetString() == "operations/1 by Prometheus");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_Prometheus_that_is_away_is_said_and_degrades_nobody()
    {
        _state = "away";
        await using var host = await StartAsync(("ConnectionStrings:prometheus", _prometheus.Address.ToString()));
        var page = await UntilAsync(host, page => page.GetProperty("prometheus").GetProperty("problem").GetString()?.Contains("502", StringComparison.Ordinal) == true);
        page.GetProperty("services").EnumerateArray().ShouldAllBe(service => service.GetProperty("level").GetString() == "normal");
        _state = "well";
        await UntilAsync(host, page => page.GetProperty("prometheus").GetProperty("problem").ValueKind == JsonValueKind.Null);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData(" ")]
    public async Task Without_a_connection_string_it_is_off_and_says_so(string nothing)
    {
        await using var host = await StartAsync(("ConnectionStrings:prometheus", nothing));
        var source = (await host.Http.GetFromJsonAsync<JsonElement>("/api/degradation", TestContext.Current.CancellationToken)).GetProperty("prometheus");
        source.GetProperty("address").ValueKind.ShouldBe(JsonValueKind.Null);
        source.GetProperty("problem").GetString()!.ShouldStartWith("There is no connection string 'prometheus'");
    }

    private Task<OperationsHost> StartAsync(params (string Name, string Value)[] settings) => OperationsHost.StartAsync(
        postgres,
        _kafka.BootstrapServers,
        [
            ("ConnectionStrings:etcd", $"Endpoints={etcd.Endpoint};Prefix=/{Guid.NewGuid():N}/config"),
            ("Policies:Folder", PolicyFolder()),
            ("Policies:Follow", "true"),
            ("Policies:Etcd:DegradationPrefix", _prefix),
            ("OTEL_SERVICE_NAME", "operations"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=1"),
            .. settings,
        ]);

    /// <summary>The shipped policies with a recovery that a test can wait for.</summary>
    private string PolicyFolder()
    {
        var folder = Directory.CreateTempSubdirectory("shop-tests-fleet-");
        _folders.Add(folder);
        File.WriteAllText(
            Path.Combine(folder.FullName, "resilience.yaml"),
            File.ReadAllText(Path.Combine(ShippedRules.Folder, "..", "resilience.yaml"))
                .Replace("recovery_steps: [0.05, 0.25, 0.5, 1]", "recovery_steps: [0.5, 1]", StringComparison.Ordinal)
                .Replace("  cooldown_ms: 10000", "  cooldown_ms: 2000", StringComparison.Ordinal)
                .Replace("step_ms: 5000", "step_ms: 2000", StringComparison.Ordinal));
        return folder.FullName;
    }

    private static JsonElement Of(JsonElement page, string service) => page.GetProperty("services").EnumerateArray().Single(one => one.GetProperty("service").GetString() == service);

    private static JsonElement? Signals(JsonElement page, string service) => Of(page, service).GetProperty("signals") is { ValueKind: JsonValueKind.Object } signals ? signals : null;

    private static async Task<JsonElement> UntilAsync(OperationsHost host, Func<JsonElement, bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var page = await host.Http.GetFromJsonAsync<JsonElement>("/api/degradation", Cancel);
            if (isReached(page))
            {
                return page;
            }

            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    /// <summary>What Prometheus would say of orders and payments; only orders is ever in trouble.</summary>
    private Task AnswerAsync(HttpContext http)
    {
        var state = _state;
        if (state == "away")
        {
            http.Response.StatusCode = StatusCodes.Status502BadGateway;
            return Task.CompletedTask;
        }

        var query = http.Request.Query["query"].ToString();
        return http.Response.WriteAsJsonAsync(new
        {
            status = "success",
            data = query.StartsWith("sum by (failed, slow)", StringComparison.Ordinal)
                ? (object)new { resultType = "vector", result = new[] { new { metric = new { failed = "false", slow = "false" }, value = Point(100) } } }
                : new { resultType = "matrix", result = Rules("orders", state).Concat(Rules("payments", "well")) },
        });
    }

    private static IEnumerable<object> Rules(string service, string state)
    {
        var isBad = state is "bad" or "changed";
        return new (string Rule, double Value)[]
        {
            ("instances:up", 2), ("scraped:3m", 1), ("rate:5m", 20), ("slope:3m", 0), ("changes:2m", state == "changed" ? 1 : 0), ("p99_seconds:2m", isBad ? 3 : 0.1),
            ("requests:2m", 2400), ("slow:2m", isBad ? 480 : 0), ("slow_slices:2m", isBad ? 20 : 0),
            ("error_ratio:1m", isBad ? 0.2 : 0), ("requests:1m", 1200), ("failures:1m", isBad ? 240 : 0), ("failed_slices:1m", isBad ? 20 : 0),
        }.Select(rule => new { metric = new Dictionary<string, string> { ["__name__"] = $"service:signal_{rule.Rule}", ["service"] = service }, values = new[] { Point(rule.Value) } });
    }

    private static object[] Point(double value) => [DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0, value.ToString(CultureInfo.InvariantCulture)];
}
