using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Services.Tests.Operations;

/// <summary>The operators' API on a real etcd.</summary>
public sealed class PolicyApiTests(PostgresServer postgres, EtcdServer etcd) : IAsyncLifetime
{
    private const string Scope = "/api/policies/scopes/dependencies/payment-provider";
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
            ("OTEL_SERVICE_NAME", "operations"),
            ("Operator:Key", "secret"));
        _host.Http.DefaultRequestHeaders.Add("X-Operator-Key", "secret");
        _host.Http.DefaultRequestHeaders.Add("X-Operator", "ann");
        await UntilAsync(instances => instances.GetProperty("everywhere").GetBoolean());
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _kafka.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("GET", "/api/policies")]
    [InlineData("GET", "/api/policies/revisions")]
    [InlineData("GET", "/api/policies/instances")]
    [InlineData("PUT", Scope + "?reason=x")]
    [InlineData("POST", "/api/policies/revisions/1/restore?reason=x")]
    public async Task Nobody_without_the_key_gets_in(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-Operator-Key", "guess");
        using var stranger = new HttpClient { BaseAddress = _host.Http.BaseAddress };
        using var answer = await stranger.SendAsync(request, TestContext.Current.CancellationToken);
        (await Problem.ReadAsync(answer)).Code.ShouldBe("UNAUTHENTICATED");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_empty_store_was_filled_with_the_shipped_policies()
    {
        var policies = await GetAsync("/api/policies", TestContext.Current.CancellationToken);
        policies.GetProperty("scopes").GetProperty("resilience").GetString()!.ShouldContain("payment-provider");
        var first = (await GetAsync("/api/policies/revisions", TestContext.Current.CancellationToken))[0];
        first.GetProperty("who").GetString().ShouldBe("operations");
        first.GetProperty("why").GetString()!.ShouldStartWith("the store was empty");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_change_is_written_acknowledged_compared_and_taken_back()
    {
        var start = (await GetAsync("/api/policies", TestContext.Current.CancellationToken)).GetProperty("revision").GetInt64();
        using var put = await PutAsync("total_ms: 2950", "?reason=slow+provider");
        put.StatusCode.ShouldBe(HttpStatusCode.OK, await put.Content.ReadAsStringAsync(Cancel));
        var revision = (await put.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("revision").GetInt64();

        var instances = await UntilAsync(instances => instances.GetProperty("everywhere").GetBoolean() && instances.GetProperty("revision").GetInt64() == revision);
        instances.GetProperty("instances")[0].GetProperty("revision").GetInt64().ShouldBe(revision);
        var latest = (await GetAsync("/api/policies/revisions?limit=1", Cancel))[0];
        (latest.GetProperty("who").GetString(), latest.GetProperty("why").GetString()).ShouldBe(("ann", "slow provider"));

        var diff = (await GetAsync($"/api/policies/diff?from={start}", Cancel)).GetProperty("scopes")[0];
        (diff.GetProperty("scope").GetString(), diff.GetProperty("after").GetString()).ShouldBe(("dependencies/payment-provider", "total_ms: 2950"));
        (await GetAsync($"/api/policies/revisions/{start}", Cancel)).GetProperty("scopes").EnumerateObject().Count().ShouldBe(1);

        using var restore = await _host.Http.PostAsync($"/api/policies/revisions/{start}/restore?reason=back", null, Cancel);
        restore.StatusCode.ShouldBe(HttpStatusCode.OK, await restore.Content.ReadAsStringAsync(Cancel));
        (await GetAsync("/api/policies", Cancel)).GetProperty("scopes").EnumerateObject().Count().ShouldBe(1);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("total_ms: many", "dependencies.payment-provider.total_ms", "'many'")]
    [InlineData("totl_ms: 5", "dependencies.payment-provider.totl_ms", "'5'")]
    [InlineData("total_ms: 5\ntotal_ms: 6", "dependencies.payment-provider.total_ms", "there a second time")]
    public async Task A_wrong_text_changes_nothing_and_is_explained(string text, string key, string value)
    {
        using var put = await PutAsync(text, "?reason=typo");
        var problem = await Problem.ReadAsync(put);
        (problem.Status, problem.Code).ShouldBe((HttpStatusCode.UnprocessableEntity, "POLICIES_REFUSED"));
        var error = problem.Body.GetProperty("errors").EnumerateArray().First(error => error.GetProperty("key").GetString() == key);
        error.GetProperty("value").GetString().ShouldBe(value);
        error.GetProperty("line").GetInt32().ShouldBeGreaterThan(0);
        (await GetAsync("/api/policies", TestContext.Current.CancellationToken)).GetProperty("scopes").EnumerateObject().Count().ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_request_lacks_is_named()
    {
        using var noReason = await PutAsync("total_ms: 2950", "");
        (await Problem.ReadAsync(noReason)).Body.GetProperty("errors").GetProperty("reason")[0].GetString()!.ShouldContain("for the audit");
        using var noScope = await _host.Http.PutAsync("/api/policies/scopes/dependency/x?reason=x", Yaml("a: 1"), TestContext.Current.CancellationToken);
        (await Problem.ReadAsync(noScope)).Body.GetProperty("errors").TryGetProperty("scope", out _).ShouldBeTrue();
        using var tooLarge = await PutAsync(new string('#', 256 * 1024 + 1), "?reason=x");
        tooLarge.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        using var unknown = await _host.Http.GetAsync("/api/policies/revisions/999999999", Cancel);
        (await Problem.ReadAsync(unknown)).Code.ShouldBe("UNKNOWN_REVISION");
        using var late = await PutAsync("total_ms: 2950", "?reason=x&from=1");
        (await Problem.ReadAsync(late)).Code.ShouldBe("REVISION_CONFLICT");
        using var limit = await _host.Http.GetAsync("/api/policies/revisions?limit=0", Cancel);
        limit.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dry_run_and_a_lint_write_nothing()
    {
        using var dry = await PutAsync("total_ms: 2950", "?reason=x&dryRun=true");
        (await dry.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("written").GetBoolean().ShouldBeFalse();
        using var lint = await _host.Http.PostAsync("/api/policies/lint", Yaml("defaults: { total_ms: 500 }"), TestContext.Current.CancellationToken);
        lint.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await GetAsync("/api/policies", Cancel)).GetProperty("scopes").EnumerateObject().Count().ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_instance_says_what_it_runs()
    {
        var status = await GetAsync("/resilience/policies", TestContext.Current.CancellationToken);
        status.GetProperty("revision").GetInt64().ShouldBeGreaterThan(0);
        status.GetProperty("store").GetString()!.ShouldStartWith("etcd ");
        status.GetProperty("storeProblem").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    private async Task<HttpResponseMessage> PutAsync(string yaml, string query) => await _host.Http.PutAsync(Scope + query, Yaml(yaml), Cancel);

    private static StringContent Yaml(string text) => new(text, Encoding.UTF8, "application/yaml");

    private async Task<JsonElement> GetAsync(string path, CancellationToken cancel) => await _host.Http.GetFromJsonAsync<JsonElement>(path, cancel);

    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var instances = await GetAsync("/api/policies/instances", Cancel);
            if (holds(instances))
            {
                return instances;
            }

            await timer.WaitForNextTickAsync(Cancel);
        }
    }
}
