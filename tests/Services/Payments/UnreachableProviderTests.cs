using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.Payments;

public sealed class UnreachableProviderTests(PaymentsFixture payments) : IClassFixture<PaymentsFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silent_provider_is_given_up_within_the_attempt_timeout_and_leaves_no_charge()
    {
        await using var service = payments.Another(("Resilience:dependencies:payment-provider:l2:attempt_timeout_ms", "300"));
        using var http = service.Start();
        var order = Guid.NewGuid();

        var problem = await Problem.ReadAsync(await http.PostAsJsonAsync("/payments", new ChargeRequest(order, 1, "GBP", "tok_timeout"), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        problem.Code.ShouldBe(ProblemCodes.PaymentUnavailable);
        problem.Detail!.ShouldContain("did not answer within 300 ms");
        (await payments.ViewAsync(order)).Status.ShouldBe(PaymentStatus.Pending);
        (await payments.TakenAsync(order)).ShouldBe(0);
    }

    [Fact]
    public async Task A_silent_provider_breaks_off_in_the_end_even_when_the_caller_does_not()
    {
        await using var service = payments.Another(("ProviderSimulation:LongestSilence", "00:00:00.050"));
        using var http = service.Start();

        var problem = await Problem.ReadAsync(await http.PostAsJsonAsync("/payments", new ChargeRequest(Guid.NewGuid(), 1, "GBP", "tok_timeout"), Cancel));

        problem.Code.ShouldBe(ProblemCodes.PaymentUnavailable);
    }

    [Fact]
    public async Task A_charge_in_doubt_can_be_voided()
    {
        await using var service = payments.Another(("ProviderSimulation:LongestSilence", "00:00:00.050"));
        using var http = service.Start();
        var order = Guid.NewGuid();
        await http.PostAsJsonAsync("/payments", new ChargeRequest(order, 12.5m, "GBP", "tok_timeout"), Cancel);

        (await payments.RefundAsync(order)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var payment = await payments.ViewAsync(order);
        payment.Status.ShouldBe(PaymentStatus.Refunded);
        payment.Captured.ShouldBe(0);
        (await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_ok"))).Code.ShouldBe(ProblemCodes.PaymentVoided);
    }

    [Fact]
    public async Task A_provider_that_cannot_be_reached_leaves_the_payment_open_and_the_refund_too()
    {
        // Port 1 is reserved and nobody listens there.
        await using var service = payments.Another(("Provider:BaseAddress", "http://127.0.0.1:1"));
        using var http = service.Start();
        var order = Guid.NewGuid();

        var charge = await Problem.ReadAsync(await http.PostAsJsonAsync("/payments", new ChargeRequest(order, 12.5m, "GBP", "tok_ok"), Cancel));
        var refund = await Problem.ReadAsync(await http.PostAsync($"/payments/{order}/refund", null, Cancel));

        charge.Code.ShouldBe(ProblemCodes.PaymentUnavailable);
        refund.Code.ShouldBe(ProblemCodes.PaymentUnavailable);
        (await payments.ViewAsync(order)).Status.ShouldBe(PaymentStatus.Pending);
        (await payments.RefundAsync(order)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(500, "text/html", "<h1>oops</h1>")]
    [InlineData(502, "text/html", "")]
    [InlineData(400, "application/json", "{}")]
    [InlineData(503, "application/json", "[]")]
    [InlineData(200, "application/json", "{\"id\":")]
    [InlineData(200, "application/json", "null")]
    [InlineData(402, "application/json", "{\"code\":\"SOMETHING_ELSE\"}")]
    public async Task An_answer_that_is_not_the_providers_decides_nothing(int status, string contentType, string body)
    {
        await using var proxy = await StubServer.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = contentType;
            await context.Response.WriteAsync(body);
        });
        await using var service = payments.Another(("Provider:BaseAddress", proxy.Address.ToString()));
        using var http = service.Start();
        var order = Guid.NewGuid();

        var problem = await Problem.ReadAsync(await http.PostAsJsonAsync("/payments", new ChargeRequest(order, 12.5m, "GBP", "tok_ok"), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        problem.Code.ShouldBe(ProblemCodes.PaymentUnavailable);
        (await payments.ViewAsync(order)).Status.ShouldBe(PaymentStatus.Pending);
    }
}
