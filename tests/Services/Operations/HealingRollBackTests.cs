using System.Net;
using System.Text;
using System.Text.Json;
using ResilientShop.Resilience.Durable;
using ResilientShop.Tests;

namespace ResilientShop.Services.Tests.Operations;

/// <summary>What was changed shortly before things failed is found out and taken back: releases by themselves, policies when a person approves. On a real etcd.</summary>
public sealed class HealingRollBackTests(PostgresServer postgres, EtcdServer etcd) : IAsyncLifetime
{
    private const string Scope = "/api/policies/scopes/dependencies/payment-provider";

    private FakeShop _shop = null!;
    private LetterWorld _world = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _shop = await FakeShop.StartAsync();
        var prefix = Guid.NewGuid().ToString("N");
        _world = await LetterWorld.StartAsync(
            postgres,
            [
                ("Healing:Automatic", "true"),
                ("Healing:FirstPause", "00:01:00"),
                ("ConnectionStrings:etcd", $"Endpoints={etcd.Endpoint};Prefix=/{prefix}/config"),
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
            await _world.SendAsync(new DeadLetter
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
            });
            await _world.UntilAsync($"/api/tickets/{number}", one => Comments(one).Any(text => text.StartsWith("Diagnosis", StringComparison.Ordinal)));
        }
    }

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
