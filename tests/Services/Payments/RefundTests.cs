using System.Net;
using System.Net.Http.Json;

namespace Services.Tests.Payments;

public sealed class RefundTests(PaymentsFixture payments) : IClassFixture<PaymentsFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_captured_payment_is_given_back()
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_ok");

        var response = await payments.RefundAsync(order);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var payment = (await response.Content.ReadFromJsonAsync<PaymentView>(Cancel))!;
        payment.Status.ShouldBe(PaymentStatus.Refunded);
        payment.Captured.ShouldBe(12.5m);
        payment.Refunded.ShouldBe(12.5m);
        (await payments.TakenAsync(order)).ShouldBe(0);
    }

    [Fact]
    public async Task A_repeat_gets_the_same_answer()
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_ok");

        var first = await (await payments.RefundAsync(order)).Content.ReadAsStringAsync(Cancel);
        var second = await (await payments.RefundAsync(order)).Content.ReadAsStringAsync(Cancel);

        second.ShouldBe(first);
    }

    [Fact]
    public async Task A_charge_after_its_refund_takes_nothing()
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_ok");
        await payments.RefundAsync(order);

        var problem = await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_ok"));

        problem.Status.ShouldBe(HttpStatusCode.Conflict);
        problem.Code.ShouldBe(ProblemCodes.PaymentVoided);
        (await payments.TakenAsync(order)).ShouldBe(0);
    }

    [Fact]
    public async Task A_refund_that_overtakes_its_charge_makes_the_charge_take_nothing()
    {
        var order = Guid.NewGuid();

        (await payments.RefundAsync(order)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var problem = await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_ok"));

        problem.Code.ShouldBe(ProblemCodes.PaymentVoided);
        var payment = await payments.ViewAsync(order);
        payment.Status.ShouldBe(PaymentStatus.Refunded);
        payment.Captured.ShouldBe(0);
        (await payments.TakenAsync(order)).ShouldBe(0);
    }

    [Fact]
    public async Task A_charge_whose_answer_was_lost_is_given_back()
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_crash");
        (await payments.TakenAsync(order)).ShouldBe(12.5m);

        await payments.RefundAsync(order);

        (await payments.TakenAsync(order)).ShouldBe(0);
        var payment = await payments.ViewAsync(order);
        payment.Captured.ShouldBe(12.5m);
        payment.Refunded.ShouldBe(12.5m);
    }

    [Fact]
    public async Task A_process_that_died_between_voiding_and_its_record_leaves_a_charge_that_finds_out()
    {
        var order = Guid.NewGuid();
        await payments.BeginAsync(order);
        await payments.ChargeProviderAsync(order);
        (await payments.Http.PostAsync($"/provider/charges/{order}/void", null, Cancel)).EnsureSuccessStatusCode();

        var problem = await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_ok"));

        problem.Code.ShouldBe(ProblemCodes.PaymentVoided);
        var payment = await payments.ViewAsync(order);
        payment.Status.ShouldBe(PaymentStatus.Refunded);
        payment.Refunded.ShouldBe(12.5m);
        (await payments.TakenAsync(order)).ShouldBe(0);
    }

    [Fact]
    public async Task A_declined_payment_has_nothing_to_give_back_and_stays_declined()
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_declined");

        var response = await payments.RefundAsync(order);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadFromJsonAsync<PaymentView>(Cancel))!.Status.ShouldBe(PaymentStatus.Declined);
    }

    [Fact]
    public async Task An_order_without_a_payment_is_not_found() =>
        (await Problem.ReadAsync(await payments.Http.GetAsync($"/payments/{Guid.NewGuid()}", Cancel))).Status.ShouldBe(HttpStatusCode.NotFound);

    [Theory]
    [InlineData("GET", "/payments/42")]
    [InlineData("POST", "/payments/42/refund")]
    public async Task An_order_id_that_is_no_uuid_is_not_found(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        (await Problem.ReadAsync(await payments.Http.SendAsync(request, Cancel))).Code.ShouldBe(ProblemCodes.NotFound);
    }
}
