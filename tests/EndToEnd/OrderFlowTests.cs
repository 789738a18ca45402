using System.Globalization;
using System.Net;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>The way of one order through the real services, seen from outside the gateway.</summary>
public sealed class OrderFlowTests(RunningShop shop)
{
    private readonly Orders _orders = new(shop.Gateway);

    [Fact(Timeout = 180_000)]
    public async Task An_order_that_can_be_filled_and_paid_is_confirmed()
    {
        var sku = await _orders.StockedAsync(10, TestContext.Current.CancellationToken);

        var (answer, order) = await _orders.PlaceAsync(sku, 3, TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.Accepted);
        var id = order.GetProperty("id").GetGuid();
        answer.Headers.Location!.ToString().ShouldEndWith($"/orders/{id}");
        await Eventually.Async(async () => (await _orders.GetAsync(id, TestContext.Current.CancellationToken)).GetProperty("status").GetString() == "confirmed", TestContext.Current.CancellationToken);
        (await PaymentAsync(id)).ShouldSatisfyAllConditions(
            payment => payment.GetProperty("status").GetString().ShouldBe("captured"),
            payment => payment.GetProperty("captured").GetDecimal().ShouldBe(7.65m));
        await StockShouldBeAsync(sku, available: 7, reserved: 3);
    }

    [Theory(Timeout = 180_000)]
    [InlineData("tok_declined", "CARD_DECLINED")]
    [InlineData("tok_of_nobody", "UNKNOWN_PAYMENT_TOKEN")]
    public async Task An_order_that_cannot_be_paid_is_cancelled_and_its_stock_put_back(string token, string code)
    {
        var sku = await _orders.StockedAsync(10, TestContext.Current.CancellationToken);

        var (answer, problem) = await _orders.PlaceAsync(sku, 3, TestContext.Current.CancellationToken, token);

        (await CancelledWithAsync(answer, problem)).ShouldBe(code);
        await StockShouldBeAsync(sku, available: 10, reserved: 0);
    }

    [Fact(Timeout = 180_000)]
    public async Task An_order_beyond_the_stock_is_cancelled_without_asking_for_money()
    {
        var sku = await _orders.StockedAsync(2, TestContext.Current.CancellationToken);

        var (answer, problem) = await _orders.PlaceAsync(sku, 3, TestContext.Current.CancellationToken);

        (await CancelledWithAsync(answer, problem)).ShouldBe("OUT_OF_STOCK");
        await StockShouldBeAsync(sku, available: 2, reserved: 0);
    }

    [Theory(Timeout = 180_000)]
    [InlineData("tok_busy")]
    [InlineData("tok_rate_limited")]
    [InlineData("tok_slow")]
    [InlineData("tok_crash")]
    public async Task A_provider_that_fails_for_a_moment_costs_time_but_no_order_and_no_second_charge(string token)
    {
        var sku = await _orders.StockedAsync(10, TestContext.Current.CancellationToken);

        var (_, order) = await _orders.PlaceAsync(sku, 2, TestContext.Current.CancellationToken, token);

        var id = order.GetProperty("id").GetGuid();
        await Eventually.Async(async () => (await _orders.GetAsync(id, TestContext.Current.CancellationToken)).GetProperty("status").GetString() == "confirmed", TestContext.Current.CancellationToken);
        (await PaymentAsync(id)).GetProperty("captured").GetDecimal().ShouldBe(5.10m);
    }

    [Fact(Timeout = 180_000)]
    public async Task The_same_key_gives_the_same_answer_and_another_body_is_refused()
    {
        var sku = await _orders.StockedAsync(10, TestContext.Current.CancellationToken);
        var key = Guid.NewGuid().ToString();

        var (first, order) = await _orders.PlaceAsync(sku, 2, TestContext.Current.CancellationToken, key: key);
        await Eventually.Async(async () => (await _orders.GetAsync(order.GetProperty("id").GetGuid(), TestContext.Current.CancellationToken)).GetProperty("status").GetString() == "confirmed", TestContext.Current.CancellationToken);
        var (again, same) = await _orders.PlaceAsync(sku, 2, TestContext.Current.CancellationToken, key: key);
        var (other, refused) = await _orders.PlaceAsync(sku, 3, TestContext.Current.CancellationToken, key: key);

        first.IsSuccessStatusCode.ShouldBeTrue();
        again.StatusCode.ShouldBe(first.StatusCode);
        same.GetProperty("id").GetGuid().ShouldBe(order.GetProperty("id").GetGuid());
        other.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.GetProperty("code").GetString().ShouldBe("IDEMPOTENCY_KEY_REUSED");
        await StockShouldBeAsync(sku, available: 8, reserved: 2);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_confirmed_order_can_be_cancelled_and_everything_is_undone()
    {
        var id = await _orders.ConfirmedAsync(TestContext.Current.CancellationToken);
        var sku = (await _orders.GetAsync(id, TestContext.Current.CancellationToken)).GetProperty("lines")[0].GetProperty("sku").GetString()!;

        using var answer = await shop.Gateway.PostAsync($"orders/{id}/cancel", null, TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.Accepted);
        await Eventually.Async(async () => (await _orders.GetAsync(id, TestContext.Current.CancellationToken)).GetProperty("status").GetString() == "cancelled", TestContext.Current.CancellationToken);
        (await PaymentAsync(id)).ShouldSatisfyAllConditions(
            payment => payment.GetProperty("status").GetString().ShouldBe("refunded"),
            payment => payment.GetProperty("refunded").GetDecimal().ShouldBe(5.10m));
        await StockShouldBeAsync(sku, available: 10, reserved: 0);
    }

    [Fact(Timeout = 180_000)]
    public async Task Events_of_orders_reach_operations_once_each()
    {
        var before = await shop.ConfirmedOrdersAsync(TestContext.Current.CancellationToken);
        await _orders.ConfirmedAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(async () => await shop.ConfirmedOrdersAsync(TestContext.Current.CancellationToken) > before, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 180_000)]
    public async Task Prometheus_scrapes_every_instance()
    {
        using var prometheus = new HttpClient { BaseAddress = new Uri(shop.Address("prometheus")) };
        await Eventually.Async(
            async () =>
            {
                using var answer = await prometheus.GetAsync("api/v1/query?query=sum(up)", TestContext.Current.CancellationToken);
                var result = (await Json.ReadAsync(answer, TestContext.Current.CancellationToken)).GetProperty("data").GetProperty("result");
                return result.GetArrayLength() == 1 && result[0].GetProperty("value")[1].GetString() == shop.Instances.ToString(CultureInfo.InvariantCulture);
            },
            TestContext.Current.CancellationToken);
    }

    /// <summary>Why the order was cancelled: in the 409, or in the order when a busy machine answered 202 first.</summary>
    private async Task<string?> CancelledWithAsync(HttpResponseMessage answer, System.Text.Json.JsonElement body)
    {
        if (answer.StatusCode == HttpStatusCode.Conflict)
        {
            return body.GetProperty("code").GetString();
        }

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var id = body.GetProperty("id").GetGuid();
        await Eventually.Async(async () => (await _orders.GetAsync(id, TestContext.Current.CancellationToken)).GetProperty("status").GetString() == "cancelled", TestContext.Current.CancellationToken);
        return (await _orders.GetAsync(id, TestContext.Current.CancellationToken)).GetProperty("failure").GetProperty("code").GetString();
    }

    private async Task<System.Text.Json.JsonElement> PaymentAsync(Guid order)
    {
        using var answer = await shop.Gateway.GetAsync($"payments/{order}", TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await Json.ReadAsync(answer, TestContext.Current.CancellationToken);
    }

    private async Task StockShouldBeAsync(string sku, decimal available, decimal reserved)
    {
        using var answer = await shop.Gateway.GetAsync($"inventory/{sku}", TestContext.Current.CancellationToken);
        (await Json.ReadAsync(answer, TestContext.Current.CancellationToken)).ShouldSatisfyAllConditions(
            stock => stock.GetProperty("available").GetDecimal().ShouldBe(available),
            stock => stock.GetProperty("reserved").GetDecimal().ShouldBe(reserved));
    }
}
