using System.Net;
using System.Net.Http.Json;

namespace Services.Tests.Payments;

public sealed class ChargeTests(PaymentsFixture payments) : IClassFixture<PaymentsFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_card_is_charged()
    {
        var order = Guid.NewGuid();

        var response = await payments.ChargeAsync(order, "tok_ok");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var payment = (await response.Content.ReadFromJsonAsync<PaymentView>(Cancel))!;
        payment.ShouldSatisfyAllConditions(
            () => payment.OrderId.ShouldBe(order),
            () => payment.Status.ShouldBe(PaymentStatus.Captured),
            () => payment.Amount.ShouldBe(12.5m),
            () => payment.Captured.ShouldBe(12.5m),
            () => payment.Refunded.ShouldBe(0),
            () => payment.Currency.ShouldBe("GBP"),
            () => payment.FailureCode.ShouldBeNull());
        (await payments.ViewAsync(order)).ShouldBe(payment);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task A_repeat_gets_the_same_answer_and_takes_nothing_more()
    {
        var order = Guid.NewGuid();

        var first = await (await payments.ChargeAsync(order, "tok_ok")).Content.ReadAsStringAsync(Cancel);
        var second = await (await payments.ChargeAsync(order, "tok_ok")).Content.ReadAsStringAsync(Cancel);

        second.ShouldBe(first);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task Concurrent_repeats_take_the_money_once()
    {
        var order = Guid.NewGuid();

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => payments.ChargeAsync(order, "tok_ok")));

        responses.ShouldAllBe(response => response.StatusCode == HttpStatusCode.OK);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Theory]
    [InlineData(12.51, "GBP", "tok_ok")]
    [InlineData(12.5, "EUR", "tok_ok")]
    [InlineData(12.5, "GBP", "tok_slow")]
    public async Task A_repeat_with_another_amount_currency_or_token_is_refused(decimal amount, string currency, string token)
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_ok");

        var problem = await Problem.ReadAsync(await payments.ChargeAsync(order, token, amount, currency));

        problem.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        problem.Code.ShouldBe(ProblemCodes.PaymentMismatch);
        problem.Detail!.ShouldContain("12.5 GBP");
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task Another_token_cannot_hide_a_charge_whose_answer_was_lost()
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_crash");

        (await payments.ChargeAsync(order, "tok_declined")).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);

        (await payments.ViewAsync(order)).Status.ShouldBe(PaymentStatus.Pending);
    }

    [Fact]
    public async Task A_declined_card_stays_declined()
    {
        var order = Guid.NewGuid();

        for (var i = 0; i < 2; i++)
        {
            var problem = await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_declined"));
            problem.Status.ShouldBe(HttpStatusCode.PaymentRequired);
            problem.Code.ShouldBe(ProblemCodes.CardDeclined);
        }

        var payment = await payments.ViewAsync(order);
        payment.Status.ShouldBe(PaymentStatus.Declined);
        payment.Captured.ShouldBe(0);
        payment.FailureCode.ShouldBe(ProblemCodes.CardDeclined);
    }

    [Fact]
    public async Task A_token_that_the_provider_does_not_know_is_a_final_no_and_is_not_repeated_in_the_answer()
    {
        var order = Guid.NewGuid();

        var response = await payments.ChargeAsync(order, "tok_secret_unknown");

        (await response.Content.ReadAsStringAsync(Cancel)).ShouldNotContain("tok_secret_unknown");
        var problem = await Problem.ReadAsync(response);
        problem.Status.ShouldBe(HttpStatusCode.PaymentRequired);
        problem.Code.ShouldBe(ProblemCodes.UnknownPaymentToken);
        (await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_secret_unknown"))).Code.ShouldBe(ProblemCodes.UnknownPaymentToken);
    }

    [Fact]
    public async Task A_busy_provider_is_503_twice_and_then_takes_the_money()
    {
        var order = Guid.NewGuid();

        for (var i = 0; i < 2; i++)
        {
            var problem = await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_busy"));
            problem.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            problem.Code.ShouldBe(ProblemCodes.Busy);
            (await payments.ViewAsync(order)).Status.ShouldBe(PaymentStatus.Pending);
        }

        (await payments.ChargeAsync(order, "tok_busy")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task A_provider_that_limits_the_rate_is_429_with_retry_after_twice_and_then_takes_the_money()
    {
        var order = Guid.NewGuid();

        for (var i = 0; i < 2; i++)
        {
            var response = await payments.ChargeAsync(order, "tok_rate_limited");
            response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
            var problem = await Problem.ReadAsync(response);
            problem.Status.ShouldBe(HttpStatusCode.TooManyRequests);
            problem.Code.ShouldBe(ProblemCodes.RateLimited);
        }

        (await payments.ChargeAsync(order, "tok_rate_limited")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_slow_provider_is_waited_for() =>
        (await payments.ChargeAsync(Guid.NewGuid(), "tok_slow")).StatusCode.ShouldBe(HttpStatusCode.OK);

    [Fact]
    public async Task An_answer_lost_after_the_money_was_taken_leaves_a_doubt_that_a_repeat_ends()
    {
        var order = Guid.NewGuid();

        var lost = await Problem.ReadAsync(await payments.ChargeAsync(order, "tok_crash"));
        lost.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        lost.Code.ShouldBe(ProblemCodes.PaymentUnavailable);
        (await payments.ViewAsync(order)).Status.ShouldBe(PaymentStatus.Pending);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);

        (await payments.ChargeAsync(order, "tok_crash")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task A_process_that_died_between_the_charge_and_its_record_leads_to_no_second_charge()
    {
        var order = Guid.NewGuid();
        await payments.BeginAsync(order);
        await payments.ChargeProviderAsync(order);

        (await payments.ChargeAsync(order, "tok_ok")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await payments.ViewAsync(order)).Captured.ShouldBe(12.5m);
        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task A_process_that_died_before_it_asked_leaves_a_payment_that_can_be_charged()
    {
        var order = Guid.NewGuid();
        await payments.BeginAsync(order);

        (await payments.ChargeAsync(order, "tok_ok")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await payments.TakenAsync(order)).ShouldBe(12.5m);
    }

    [Fact]
    public async Task A_restart_forgets_neither_payments_nor_the_providers_moods()
    {
        var order = Guid.NewGuid();
        await payments.ChargeAsync(order, "tok_busy");
        await using var restarted = payments.Another();
        using var http = restarted.Start();
        var body = new ChargeRequest(order, 12.5m, "GBP", "tok_busy");

        (await http.PostAsJsonAsync("/payments", body, Cancel)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await http.PostAsJsonAsync("/payments", body, Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
