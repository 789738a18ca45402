using CsCheck;

namespace Services.Tests.Payments;

/// <summary>Whatever is asked in whatever order, and at the same time: our books and the provider's must agree.</summary>
public sealed class PaymentHistoryTests(PaymentsFixture payments) : IClassFixture<PaymentsFixture>
{
    private static readonly Gen<string> Call = Gen.OneOf("tok_ok", "tok_crash", "tok_busy", "tok_rate_limited", "tok_declined", "tok_unknown", "refund");

    [Fact]
    public async Task Any_sequence_of_calls_leaves_both_books_equal() =>
        await History(1, 8).SampleAsync(
            async calls =>
            {
                var order = Guid.NewGuid();
                foreach (var call in calls)
                {
                    await CallAsync(order, call);
                }

                await ShouldAgreeAsync(order);
            },
            iter: 60,
            threads: 2);

    [Fact]
    public async Task Any_calls_at_the_same_time_leave_both_books_equal() =>
        await History(2, 8).SampleAsync(
            async calls =>
            {
                var order = Guid.NewGuid();
                await Task.WhenAll(calls.Select(call => CallAsync(order, call)));
                await ShouldAgreeAsync(order);
            },
            iter: 60,
            threads: 2);

    [Fact]
    public async Task A_refund_at_any_moment_leaves_an_order_that_costs_nothing() =>
        await History(1, 6).SampleAsync(
            async calls =>
            {
                var order = Guid.NewGuid();
                await Task.WhenAll(calls.Append("refund").Select(call => CallAsync(order, call)));
                await CallAsync(order, "tok_ok");

                (await payments.TakenAsync(order)).ShouldBe(0);
                (await payments.ViewAsync(order)).Status.ShouldBeOneOf(PaymentStatus.Refunded, PaymentStatus.Declined);
            },
            iter: 60,
            threads: 2);

    /// <summary>Half of the histories stay with one token, as a saga does; the others mix them, as a confused caller might.</summary>
    private static Gen<string[]> History(int shortest, int longest) => Gen.OneOf(
        Call.Array[shortest, longest],
        Call.SelectMany(token => Gen.OneOf(token, token, "refund").Array[shortest, longest]));

    private async Task CallAsync(Guid order, string call)
    {
        using var response = call == "refund" ? await payments.RefundAsync(order) : await payments.ChargeAsync(order, call);
        ((int)response.StatusCode).ShouldBeOneOf(200, 402, 409, 422, 429, 503);
    }

    private async Task ShouldAgreeAsync(Guid order)
    {
        var payment = await payments.ViewAsync(order);
        if (payment.Status == PaymentStatus.Pending)
        {
            // In doubt: the saga would repeat the charge or refund it.
            await payments.RefundAsync(order);
            payment = await payments.ViewAsync(order);
        }

        (await payments.TakenAsync(order)).ShouldBe(payment.Captured - payment.Refunded);
    }
}
