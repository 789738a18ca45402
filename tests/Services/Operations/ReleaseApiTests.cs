using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Services.Tests.Operations;

/// <summary>Releases in Operations, on a real etcd and a real database.</summary>
public sealed class ReleaseApiTests(PostgresServer postgres, EtcdServer etcd) : IAsyncLifetime
{
    private readonly MockKafka _kafka = new();
    private OperationsHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await OperationsHost.StartAsync(
            postgres,
            _kafka.BootstrapServers,
            ("ConnectionStrings:etcd", $"Endpoints={etcd.Endpoint};Prefix=/{Guid.NewGuid():N}/config"),
            ("Policies:Follow", "true"),
            ("Policies:Etcd:DegradationPrefix", $"/{Guid.NewGuid():N}/degradation"),
            ("Policies:Etcd:ReleasePrefix", $"/{Guid.NewGuid():N}/release"),
            ("services:payments-canary:http:0", "http://127.0.0.1:1"),
            ("Operator:Key", "secret"));
        await UntilAsync(releases => releases.GetProperty("problem").ValueKind == JsonValueKind.Null);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _kafka.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_release_is_begun_and_rolled_back_and_both_are_on_record()
    {
        Stage(await GetAsync()).ShouldBe("none");
        using var started = await ActAsync("/api/releases/payments/start?reason=version+2");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await UntilAsync(releases => Stage(releases) == "analysing");
        using var again = await ActAsync("/api/releases/payments/start?reason=version+3");
        (await Problem.ReadAsync(again)).Code.ShouldBe("RELEASE_UNDER_WAY");

        using var back = await ActAsync("/api/releases/payments/roll-back?reason=drill");
        back.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var releases = await UntilAsync(releases => Stage(releases) == "rolled-back");
        releases.GetProperty("decisions").EnumerateArray().Select(entry => (entry.GetProperty("action").GetString(), entry.GetProperty("by").GetString(), entry.GetProperty("reason").GetString()))
            .Where(entry => entry.Item1 != "hold").ShouldBe([("roll-back", "ann", "drill"), ("start", "ann", "version 2")]);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_Prometheus_the_gate_holds_and_says_why()
    {
        using var started = await ActAsync("/api/releases/payments/start?reason=version+2");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        var releases = await UntilAsync(releases => releases.GetProperty("decisions")[0].GetProperty("action").GetString() == "hold");
        var service = releases.GetProperty("services")[0];
        service.GetProperty("verdict").GetString().ShouldBe("not enough evidence");
        service.GetProperty("comparisons").EnumerateArray().Select(metric => metric.GetProperty("reason").GetString()).ShouldAllBe(reason => reason!.Contains("there is no Prometheus"));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/api/releases/orders/start?reason=x", HttpStatusCode.NotFound, "orders has no canary; there are canaries of payments.")]
    [InlineData("/api/releases/payments/start", HttpStatusCode.BadRequest, "reason is not there")]
    [InlineData("/api/releases/payments/promote", HttpStatusCode.BadRequest, "reason is not there")]
    public async Task What_cannot_be_done_is_refused_and_says_why(string path, HttpStatusCode status, string said)
    {
        using var answer = await ActAsync(path);
        answer.StatusCode.ShouldBe(status);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(said);
    }

    [Fact(Timeout = 60_000)]
    public async Task Nobody_without_the_key_releases()
    {
        using var answer = await ActAsync("/api/releases/payments/promote?reason=x", "guess");
        (await Problem.ReadAsync(answer)).Code.ShouldBe("UNAUTHENTICATED");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private static string? Stage(JsonElement releases) => releases.GetProperty("services")[0].GetProperty("stage").GetString();

    private Task<JsonElement> GetAsync() => _host.Http.GetFromJsonAsync<JsonElement>("/api/releases", Cancel);

    private async Task<HttpResponseMessage> ActAsync(string path, string key = "secret")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("X-Operator-Key", key);
        request.Headers.Add("X-Operator", "ann");
        return await _host.Http.SendAsync(request, Cancel);
    }

    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            var releases = await GetAsync();
            if (isReached(releases))
            {
                return releases;
            }

            await timer.WaitForNextTickAsync(Cancel);
        }
    }
}
