using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Services.Tests.Operations;

/// <summary>The canary of the consumer of order events beside the stable one, released through the API: on a real etcd, a real database and the Kafka protocol.</summary>
public sealed class ConsumerReleaseTests(PostgresServer postgres, EtcdServer etcd) : IAsyncLifetime
{
    private readonly MockKafka _kafka = new();
    private string _database = null!;
    private (string, string)[] _settings = [];
    private OperationsHost _stable = null!;
    private OperationsHost _canary = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        var prefix = $"/{Guid.NewGuid():N}";
        _settings =
        [
            ("ConnectionStrings:operationsdb", _database),
            ("ConnectionStrings:etcd", $"Endpoints={etcd.Endpoint};Prefix={prefix}/config"),
            ("Policies:Follow", "true"),
            ("Policies:Etcd:DegradationPrefix", $"{prefix}/degradation"),
            ("Policies:Etcd:ReleasePrefix", $"{prefix}/release"),
            ("Operator:Key", "secret"),
        ];
        _stable = await OperationsHost.StartAsync(postgres, _kafka.BootstrapServers, [.. _settings, ("services:operations-canary:http:0", "http://127.0.0.1:1")]);
        _canary = await OperationsHost.StartAsync(postgres, _kafka.BootstrapServers, [.. _settings, ("Release:Channel", "canary")]);
    }

    public async ValueTask DisposeAsync()
    {
        await _canary.DisposeAsync();
        await _stable.DisposeAsync();
        _kafka.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task The_groups_share_the_events_while_it_is_released_and_each_counts_once()
    {
        using var events = new OrderEventProducer(_kafka.BootstrapServers);
        await PlaceAsync(events, 20);
        await _stable.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 20);

        using var started = await ActAsync("/api/releases/operations/start?reason=version+2");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        (await LastSplitAsync()).ShouldBe((0.05, false), "the first step of the shipped policy");
        await PlaceAsync(events, 200);
        await _stable.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 220);
        (await CountedAsync("canary")).ShouldBeInRange(1, 40);
        (await CountedAsync("stable")).ShouldBeInRange(160, 199);

        using var promoted = await ActAsync("/api/releases/operations/promote?reason=tested+by+hand");
        promoted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await LastSplitAsync()).ShouldBe((1, false));
        await PlaceAsync(events, 50);
        await _stable.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 270);
        (await CountedAsync("stable")).ShouldBeLessThan(200);

        using var back = await ActAsync("/api/releases/operations/roll-back?reason=drill");
        back.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await LastSplitAsync()).ShouldBe((0, true));
        await PlaceAsync(events, 50);
        await _stable.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 320);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_release_that_the_broker_cannot_be_asked_for_does_not_begin_and_says_why()
    {
        await using var alone = await OperationsHost.StartAsync(postgres, "127.0.0.1:1", [.. _settings, ("services:operations-canary:http:0", "http://127.0.0.1:1")]);
        using var refused = await SendAsync(alone, HttpMethod.Post, "/api/releases/operations/start?reason=too+early", null);

        var problem = await Problem.ReadAsync(refused);
        problem.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        problem.Detail.ShouldNotBeNull().ShouldStartWith("The canary's share of orders.events.v1 cannot be set now: ");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        var releases = await alone.Http.GetFromJsonAsync<JsonElement>("/api/releases", Cancel);
        releases.GetProperty("decisions").EnumerateArray().Select(entry => entry.GetProperty("action").GetString()).ShouldBe(["give-up", "start"], "newest first");
        releases.GetProperty("services")[0].GetProperty("stage").GetString().ShouldBe("none");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_canary_that_cannot_handle_them_sends_events_to_the_dead_letters_and_that_is_counted()
    {
        using var events = new OrderEventProducer(_kafka.BootstrapServers);
        await PlaceAsync(events, 1);
        await _stable.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 1);
        using var started = await ActAsync("/api/releases/operations/promote?reason=all+of+it");
        started.StatusCode.ShouldBe(HttpStatusCode.NoContent, await started.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using var set = await DefectAsync("""{"latencyMs": 1, "failRatio": 1}""");
        set.StatusCode.ShouldBe(HttpStatusCode.OK);

        await PlaceAsync(events, 1);
        await UntilAsync("SELECT count(*) = 1 FROM durable.outbox WHERE topic = 'dlq.events.v1'");

        using var well = await DefectAsync("""{"latencyMs": 0, "failRatio": 0}""");
        await PlaceAsync(events, 1);
        (await _stable.WaitAsync(summary => summary.Events.GetValueOrDefault(OrderEventTypes.Placed) == 2)).Events.Values.Sum().ShouldBe(2);
        (await MetricsAsync()).ShouldContain(line => line.Contains("channel=\"canary\"") && line.Contains("result=\"fail\"") && line.EndsWith(" 3", StringComparison.Ordinal));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("""{"latencyMs": -1, "failRatio": 0}""", "latencyMs", "latencyMs is -1; it must be from 0 to 60000.")]
    [InlineData("""{"latencyMs": 0, "failRatio": 1.5}""", "failRatio", "failRatio is 1.5; it must be from 0 to 1.")]
    public async Task A_defect_that_is_none_is_refused_and_says_why(string defect, string field, string said)
    {
        using var answer = await DefectAsync(defect);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        (await Problem.ReadAsync(answer)).Error(field).ShouldBe(said);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_canary_has_no_gate_no_page_and_no_policies_of_its_own()
    {
        foreach (var path in new[] { "/", "/api/releases", "/api/policies", "/api/degradation" })
        {
            using var answer = await _canary.Http.GetAsync(path, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
        }
    }

    private static async Task PlaceAsync(OrderEventProducer events, int count)
    {
        for (var sent = 0; sent < count; sent++)
        {
            await events.SendAsync(OperationsHost.Event(OrderEventTypes.Placed, Guid.NewGuid()));
        }
    }

    private async Task<(double Share, bool IsRollback)> LastSplitAsync()
    {
        await using var data = NpgsqlDataSource.Create(_database);
        await using var command = data.CreateCommand("SELECT share, is_rollback FROM durable.consumer_splits ORDER BY version DESC LIMIT 1");
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        (await reader.ReadAsync(Cancel)).ShouldBeTrue();
        return (reader.GetDouble(0), reader.GetBoolean(1));
    }

    private async Task UntilAsync(string condition)
    {
        await using var data = NpgsqlDataSource.Create(_database);
        await data.UntilAsync(condition, Cancel);
    }

    /// <summary>So many events the group has counted as handled for the gate.</summary>
    private async Task<long> CountedAsync(string channel)
    {
        var host = channel == "canary" ? _canary : _stable;
        var text = await host.Http.GetStringAsync("/metrics", Cancel);
        return text.Split('\n')
            .Where(line => line.StartsWith("resilience_release_check_count_total{", StringComparison.Ordinal) && line.Contains($"channel=\"{channel}\"") && line.Contains("result=\"pass\"") && line.Contains("dependency=\"operations\""))
            .Sum(line => long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<string[]> MetricsAsync() => (await _canary.Http.GetStringAsync("/metrics", Cancel)).Split('\n');

    private Task<HttpResponseMessage> ActAsync(string path) => SendAsync(_stable, HttpMethod.Post, path, null);

    private Task<HttpResponseMessage> DefectAsync(string json) => SendAsync(_canary, HttpMethod.Put, "/canary/defect", new StringContent(json, System.Text.Encoding.UTF8, "application/json"));

    private static async Task<HttpResponseMessage> SendAsync(OperationsHost host, HttpMethod method, string path, HttpContent? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        request.Headers.Add("X-Operator-Key", "secret");
        request.Headers.Add("X-Operator", "ann");
        return await host.Http.SendAsync(request, Cancel);
    }
}
