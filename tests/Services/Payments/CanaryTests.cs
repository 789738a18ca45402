using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Services.Tests.Payments;

/// <summary>The release of Payments that is being tried: what is new in it, and what a drill can break.</summary>
public sealed class CanaryTests(PaymentsFixture payments) : IClassFixture<PaymentsFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_answers_a_receipt_and_says_who_answered_and_the_stable_release_does_neither()
    {
        await using var canary = Canary();
        using var http = canary.Start();
        var order = Guid.NewGuid();
        using var answer = await ChargeAsync(http, order);
        answer.Headers.GetValues("X-Release-Channel").ShouldBe(["canary"]);
        var receipt = (await answer.Content.ReadFromJsonAsync<PaymentView>(Cancel))!.Receipt;
        receipt.ShouldNotBeNull();

        using var again = await ChargeAsync(http, order);
        (await again.Content.ReadFromJsonAsync<PaymentView>(Cancel))!.Receipt.ShouldBe(receipt, "a repeat gets the first answer");

        using var stable = await payments.ChargeAsync(Guid.NewGuid(), "tok_ok");
        stable.Headers.Contains("X-Release-Channel").ShouldBeFalse();
        (await stable.Content.ReadAsStringAsync(Cancel)).ShouldNotContain("receipt");
    }

    [Fact]
    public async Task What_it_began_the_stable_release_can_finish()
    {
        await using var canary = Canary();
        using var http = canary.Start();
        var order = Guid.NewGuid();
        (await ChargeAsync(http, order)).Dispose();
        using var refund = await payments.RefundAsync(order);
        refund.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await payments.TakenAsync(order)).ShouldBe(0);
    }

    [Fact]
    public async Task A_defect_takes_another_amount_and_says_so()
    {
        await using var canary = Canary();
        using var http = canary.Start();
        (await SetAsync(http, """{ "amountFactor": 0.9, "latencyMs": 0, "breaksShape": false }""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var order = Guid.NewGuid();
        using var answer = await ChargeAsync(http, order);
        (await answer.Content.ReadFromJsonAsync<PaymentView>(Cancel))!.Captured.ShouldBe(11.25m);
        (await payments.TakenAsync(order)).ShouldBe(11.25m, "it is no lie: so much was taken");
    }

    [Fact]
    public async Task A_defect_answers_in_another_shape()
    {
        await using var canary = Canary();
        using var http = canary.Start();
        (await SetAsync(http, """{ "amountFactor": 1, "latencyMs": 0, "breaksShape": true }""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var answer = await ChargeAsync(http, Guid.NewGuid());
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        (body.TryGetProperty("captured", out _), body.GetProperty("capturedAmount").GetDecimal()).ShouldBe((false, 12.5m));
    }

    [Theory]
    [InlineData("""{ "amountFactor": 0, "latencyMs": 0, "breaksShape": false }""", "amountFactor is 0; it must be above 0 and at most 10.")]
    [InlineData("""{ "amountFactor": 1, "latencyMs": -5, "breaksShape": false }""", "latencyMs is -5; it must be from 0 to 60000.")]
    public async Task A_defect_that_cannot_be_is_refused(string body, string said)
    {
        await using var canary = Canary();
        using var http = canary.Start();
        using var answer = await SetAsync(http, body);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain(said);
    }

    [Fact]
    public async Task The_stable_release_can_be_given_no_defect()
    {
        using var answer = await SetAsync(payments.Http, """{ "amountFactor": 0.9, "latencyMs": 0, "breaksShape": false }""");
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private ServiceFactory<PaymentTable> Canary() => payments.Another(("Release:Channel", "canary"), ("Operator:Key", "k"));

    private static Task<HttpResponseMessage> ChargeAsync(HttpClient http, Guid order) => http.PostAsJsonAsync("/payments", new ChargeRequest(order, 12.5m, "GBP", "tok_ok"), Cancel);

    private static async Task<HttpResponseMessage> SetAsync(HttpClient http, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/canary/defect") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Operator-Key", "k");
        request.Headers.Add("X-Operator", "ann");
        return await http.SendAsync(request, Cancel);
    }
}
