using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Services.Tests.Payments;

/// <summary>The provider's moods against the tiers, as they show in a trace.</summary>
public sealed class TierTests(PaymentsFixture payments) : IClassFixture<PaymentsFixture>
{
    private static readonly (string, string)[] WithTiers =
        [("Resilience:dependencies:payment-provider:l1:enabled", "true"), ("Resilience:dependencies:payment-provider:l2:max_attempts", "3")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lost_reply_is_an_L1_retry_and_charges_once()
    {
        var (status, spans) = await ChargeAsync("tok_crash", out var order);

        status.ShouldBe(HttpStatusCode.OK);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
        var retry = spans.ShouldHaveSingleItem();
        retry.DisplayName.ShouldBe("retry payment-provider");
        retry.GetTagItem("resilience.tier").ShouldBe("L1");
        retry.GetTagItem("retry.reason").ShouldBe("connection_reset");
        retry.GetTagItem("retry.count").ShouldBe(1);
        ((double)retry.GetTagItem("retry.backoff.ms")!).ShouldBeInRange(5, 6.5);
    }

    [Fact]
    public async Task A_busy_provider_is_two_L2_retries_and_then_takes_the_money()
    {
        var (status, spans) = await ChargeAsync("tok_busy", out var order);

        status.ShouldBe(HttpStatusCode.OK);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
        spans.Select(span => (span.GetTagItem("resilience.tier"), span.GetTagItem("retry.reason"))).ShouldBe([("L2", "BUSY"), ("L2", "BUSY")]);
        spans[0].GetTagItem("error.type").ShouldBe("BUSY", "the first retry failed as well");
        spans[1].GetTagItem("error.type").ShouldBeNull();
    }

    [Fact]
    public async Task A_silent_provider_exhausts_the_deadline()
    {
        var (status, spans) = await ChargeAsync(
            "tok_timeout",
            out _,
            ("Resilience:dependencies:payment-provider:total_ms", "300"));

        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var refusal = spans.ShouldHaveSingleItem();
        refusal.DisplayName.ShouldBe("refused payment-provider");
        refusal.GetTagItem("error.type").ShouldBe("NOT_ENOUGH_TIME");
        refusal.GetTagItem("resilience.last_cause").ShouldBe("attempt_timeout");
        refusal.Status.ShouldBe(ActivityStatusCode.Error);
    }

    [Fact]
    public async Task A_provider_that_fails_too_often_is_left_alone_until_an_operator_or_the_break_ends_it()
    {
        await using var service = payments.Another(
            [.. WithTiers,
             ("Resilience:dependencies:payment-provider:total_ms", "500"),
             ("Resilience:dependencies:payment-provider:breaker:minimum_throughput", "2"),
             ("Operator:Key", "secret")]);
        using var http = service.Start();
        for (var i = 0; i < 2; i++)
        {
            await PostAsync(http, Guid.NewGuid(), "tok_timeout");
        }

        var refused = await Problem.ReadAsync(await PostAsync(http, Guid.NewGuid(), "tok_ok"));
        refused.Detail!.ShouldContain("left alone");
        (await http.GetStringAsync("/resilience", Cancel)).ShouldContain("\"state\":\"Open\"");

        (await ResetAsync(http, key: null)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await ResetAsync(http, key: "secret")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await PostAsync(http, Guid.NewGuid(), "tok_ok")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.GetStringAsync("/resilience", Cancel)).ShouldContain("\"actor\":\"anna\"");
    }

    private static async Task<HttpResponseMessage> ResetAsync(HttpClient http, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/resilience/breakers/payment-provider/stable/reset?reason=provider+is+back");
        request.Headers.Add("X-Operator", "anna");
        if (key is not null)
        {
            request.Headers.Add("X-Operator-Key", key);
        }

        return await http.SendAsync(request, Cancel);
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient http, Guid order, string token) =>
        http.PostAsJsonAsync("/payments", new ChargeRequest(order, 12.5m, "GBP", token), Cancel);

    private Task<(HttpStatusCode Status, List<Activity> Spans)> ChargeAsync(string token, out Guid order, params (string, string)[] settings)
    {
        order = Guid.NewGuid();
        return ChargeAsync(order, token, settings);
    }

    private async Task<(HttpStatusCode Status, List<Activity> Spans)> ChargeAsync(Guid order, string token, (string, string)[] settings)
    {
        await using var service = payments.Another([.. WithTiers, .. settings]);
        using var http = service.Start();
        var spans = new List<Activity>();
        var trace = ActivityTraceId.CreateRandom();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is ResilienceMetrics.Name or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.TraceId == trace && span.Source.Name == ResilienceMetrics.Name)
                {
                    lock (spans)
                    {
                        spans.Add(span);
                    }
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/payments") { Content = JsonContent.Create(new ChargeRequest(order, 12.5m, "GBP", token)) };
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        using var response = await http.SendAsync(request, Cancel);
        return (response.StatusCode, spans);
    }
}
