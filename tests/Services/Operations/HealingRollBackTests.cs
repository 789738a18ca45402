using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Services.Tests.Operations;

/// <summary>What was changed shortly before things failed is found out and taken back: releases by themselves, policies when a person approves. On a real etcd.</summary>
public sealed class HealingRollBackTests(PostgresServer postgres, EtcdServer etcd) : IAsyncLifetime
{
    private const string Scope = "/api/policies/scopes/dependencies/payment-provider";

    private readonly string _prefix = $"/{Guid.NewGuid():N}";

    private FakeShop _shop = null!;
    private LetterWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _shop = await FakeShop.StartAsync();
        _world = await LetterWorld.StartAsync(
            postgres,
            [
                ("Healing:Automatic", "true"),
                ("Healing:FirstPause", "00:01:00"),
                ("ConnectionStrings:etcd", $"Endpoints={etcd.Endpoint};Prefix={_prefix}/config"),
                ("Policies:Etcd:DegradationPrefix", $"{_prefix}/degradation"),
                ("Policies:Etcd:ReleasePrefix", $"{_prefix}/release"),
                ("Policies:Etcd:ChaosPrefix", $"{_prefix}/chaos"),
                ("Policies:Follow", "true"),
                ("OTEL_SERVICE_NAME", "operations"),
                ("services:payments-canary:http:0", "http://127.0.0.1:1"),
                .. _shop.Settings,
            ]);
        _world.Http.DefaultRequestHeaders.Add("X-Operator-Key", "secret");
        _world.Http.DefaultRequestHeaders.Add("X-Operator", "ann");
        await _world.UntilAsync("/api/policies/instances", instances => instances.GetProperty("everywhere").GetBoolean());
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _shop.DisposeAsync();
    }

    [Fact(Timeout = 90_000)]
    public async Task A_change_of_policies_that_is_suspected_is_taken_back_when_a_person_approves()
    {
        var before = (await _world.GetAsync("/api/policies")).GetProperty("revision").GetInt64();
        using var put = await SendAsync(HttpMethod.Put, $"{Scope}?reason=slow+provider", "total_ms: 2950");
        put.StatusCode.ShouldBe(HttpStatusCode.OK);
        await FailAsync(3);

        var ticket = await _world.UntilAsync("/api/tickets/3", one => Comments(one).Any(text => text.StartsWith("Try 1: failed", StringComparison.Ordinal)));
        Comments(ticket).ShouldContain(text => text.StartsWith("Diagnosis: change. Revision ", StringComparison.Ordinal) && text.Contains("3 letters of this kind since, none in the 15 min before.", StringComparison.Ordinal));
        Comments(ticket).ShouldContain(text => text.StartsWith("Rollback: Revision ", StringComparison.Ordinal) && text.EndsWith("Nothing was rolled back: a person must approve first.", StringComparison.Ordinal));
        (await PolicyAsync()).ShouldContain("2950");

        using var said = await SendAsync(HttpMethod.Post, "/api/tickets/3/approve?reason=it+was+me");
        said.StatusCode.ShouldBe(HttpStatusCode.Accepted);

        await _world.UntilAsync("/api/tickets/3", one => Comments(one).Any(text => text.StartsWith($"Rollback: The policies are those of revision {before} again.", StringComparison.Ordinal) && text.EndsWith("Approved by ann.", StringComparison.Ordinal)));
        (await PolicyAsync()).ShouldNotContain("2950");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 90_000)]
    public async Task A_release_that_is_suspected_is_rolled_back_at_once()
    {
        using var start = await SendAsync(HttpMethod.Post, "/api/releases/payments/start?reason=new");
        start.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await _world.UntilAsync("/api/releases", releases => Stage(releases) == "analysing");
        await FailAsync(3);

        var ticket = await _world.UntilAsync("/api/tickets/3", one => Comments(one).Any(text => text.StartsWith("Rollback: The release of payments was rolled back.", StringComparison.Ordinal)));
        Comments(ticket).ShouldContain(text => text.StartsWith("Diagnosis: change. The release of payments is suspected: 3 letters of this kind since", StringComparison.Ordinal));
        await _world.UntilAsync("/api/releases", releases => Stage(releases) == "rolled-back");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 90_000)]
    public async Task A_later_release_than_the_one_that_is_suspected_is_left_alone()
    {
        using var start = await SendAsync(HttpMethod.Post, "/api/releases/payments/start?reason=mended");
        await _world.UntilAsync("/api/releases", releases => Stage(releases) == "analysing");
        var state = _world.Host.Services.GetRequiredService<ReleaseState>();
        var rollBacks = _world.Host.Services.GetRequiredService<RollBacks>();
        var earlier = new RollBackPlan(RollBackPlan.Release, "payments", null, null, NeedsApproval: false, "It is suspected.") { ReleaseId = Guid.CreateVersion7().ToString("N") };

        (await rollBacks.DoAsync(earlier, null, Cancel)).ShouldBe("The release of payments has ended by itself; nothing to roll back.");
        state.Current["payments"].Stage.ShouldBe(ReleaseStage.Analysing);

        (await rollBacks.DoAsync(earlier with { ReleaseId = state.Current["payments"].Id }, null, Cancel)).ShouldBe("The release of payments was rolled back. It is suspected.");
        await _world.UntilAsync("/api/releases", later => Stage(later) == "rolled-back");
        (await rollBacks.DoAsync(earlier with { ReleaseId = state.Current["payments"].Id }, null, TestContext.Current.CancellationToken)).ShouldBe("The release of payments has ended by itself; nothing to roll back.");
    }

    [Fact(Timeout = 90_000)]
    public async Task What_an_experiment_made_fail_suspects_no_release()
    {
        using var start = await SendAsync(HttpMethod.Post, "/api/releases/payments/start?reason=new");
        await _world.UntilAsync("/api/releases", releases => Stage(releases) == "analysing");
        await etcd.PutAsync($"{_prefix}/chaos/elsewhere", """{ "services": ["gateway"], "fault": "latency" }"""u8.ToArray(), Cancel);
        await etcd.PutAsync($"{_prefix}/chaos/slow-provider", """{ "services": ["payments"], "fault": "latency 2 s", "by": "ann" }"""u8.ToArray(), Cancel);
        await UntilKnownAsync("slow-provider (latency 2 s) on payments by ann", isOver: false);
        await FailAsync(3);

        var ticket = await _world.UntilAsync("/api/tickets/3", one => Comments(one).Any(text => text.StartsWith("Try 1: failed", StringComparison.Ordinal)));
        var diagnosis = Comments(ticket).Single(text => text.StartsWith("Diagnosis", StringComparison.Ordinal));
        diagnosis.ShouldStartWith("Diagnosis: experiment. It was made to fail: Experiment slow-provider (latency 2 s) on payments by ann was under way. (");
        diagnosis.ShouldContain("Release of payments: start");
        diagnosis.ShouldNotContain("elsewhere");
        Comments(ticket).ShouldNotContain(text => text.StartsWith("Rollback", StringComparison.Ordinal));

        // It is over, and what fails a moment later still comes of it.
        await etcd.DeleteAsync($"{_prefix}/chaos/slow-provider", TestContext.Current.CancellationToken);
        await UntilKnownAsync("slow-provider", isOver: true);
        await FailAsync(1, from: 4);
        (await _world.GetAsync("/api/tickets/4")).ShouldSatisfyAllConditions(
            one => Comments(one).ShouldContain(text => text.StartsWith("Diagnosis: experiment.", StringComparison.Ordinal) && text.Contains("s before and was over 0 s before.", StringComparison.Ordinal)));
        (await _world.GetAsync("/api/releases")).ShouldSatisfyAllConditions(releases => Stage(releases).ShouldBe("analysing"));
    }

    /// <summary>Waits until the service has heard of an experiment, or of its end.</summary>
    private async Task UntilKnownAsync(string experiment, bool isOver)
    {
        var experiments = _world.Host.Services.GetRequiredService<RecentExperiments>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var facts = new List<string>(); !facts.Any(fact => fact.Contains(experiment, StringComparison.Ordinal) && fact.Contains("was over", StringComparison.Ordinal) == isOver);)
        {
            await timer.WaitForNextTickAsync(Cancel);
            facts.Clear();
            experiments.Find(Letter(0), DateTimeOffset.UtcNow.AddMinutes(-1), facts);
        }
    }

    [Fact(Timeout = 90_000)]
    public async Task What_failed_before_the_change_too_suspects_nothing()
    {
        await FailAsync(1);
        using var put = await SendAsync(HttpMethod.Put, $"{Scope}?reason=slow+provider", "total_ms: 2950");
        put.StatusCode.ShouldBe(HttpStatusCode.OK);
        await FailAsync(3, from: 2);

        var ticket = await _world.UntilAsync("/api/tickets/4", one => Comments(one).Any(text => text.StartsWith("Diagnosis", StringComparison.Ordinal)));
        Comments(ticket).ShouldContain(text => text.StartsWith("Diagnosis: passing.", StringComparison.Ordinal) && text.Contains("Policies dependencies/payment-provider were changed", StringComparison.Ordinal));
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>So many letters of one kind, one after the other.</summary>
    private async Task FailAsync(int letters, int from = 1)
    {
        for (var number = from; number < from + letters; number++)
        {
            await _world.SendAsync(Letter(number));
            await _world.UntilAsync($"/api/tickets/{number}", one => Comments(one).Any(text => text.StartsWith("Diagnosis", StringComparison.Ordinal)));
        }
    }

    private DeadLetter Letter(int number) => new()
    {
        Id = Guid.NewGuid(),
        ServiceName = "orders",
        Operation = "saga order: charge",
        ErrorCode = "PAYMENT_UNAVAILABLE",
        ErrorDetail = "It answered 503.",
        RetryCount = 3,
        Key = $"order-{number}",
        Source = DeadLetterSource.Saga(_shop.Order, "charge"),
        Time = DateTimeOffset.UtcNow,
    };

    private async Task<string> PolicyAsync() => (await _world.GetAsync("/api/policies")).GetProperty("scopes").TryGetProperty("dependencies/payment-provider", out var text) ? text.GetString()! : "";

    private static string? Stage(JsonElement releases) =>
        releases.GetProperty("services").EnumerateArray().Single(one => one.GetProperty("service").GetString() == "payments").GetProperty("stage").GetString();

    private static List<string> Comments(JsonElement ticket) => [.. ticket.GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!)];

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/yaml") };
        return await _world.Http.SendAsync(request, Cancel);
    }
}
