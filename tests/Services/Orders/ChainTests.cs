using System.Net;
using Services.Tests.Gateway;

namespace Services.Tests.Orders;

public sealed class ChainTests(PostgresServer server)
{
    private const int Placed = 80;

    [Fact]
    public async Task Payments_that_fails_sees_at_most_a_tenth_more_charges_than_there_are_orders()
    {
        await using var orders = await OrdersHost.StartAsync(
            server,
            ("Resilience:dependencies:payments:l2:max_attempts", "3"),
            ("Resilience:dependencies:payments:breaker:break_ms", "1000"),
            ("Resilience:dependencies:payments:breaker:recovery_ms", "500"));
        for (var i = 0; i < 100 * Placed; i++)
        {
            // All of it: a refund that works would show the breaker a Payments that is well.
            orders.Payments.AnswerCharge(HttpStatusCode.ServiceUnavailable, "OUT_OF_ORDER");
            orders.Payments.Refunds.Enqueue(() => FakePayments.Problem(HttpStatusCode.ServiceUnavailable, "OUT_OF_ORDER"));
        }

        await using var gateway = GatewayHost.Start(GatewayHost.Instance("orders", 0, orders.Client.BaseAddress!));

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Placed),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = OrdersHost.Cancel },
            async (_, _) => await orders.PostAsync(OrdersHost.Order(), client: gateway.Http));
        await orders.UntilAsync($"SELECT count(*) = {Placed} FROM durable.sagas WHERE status IN ('compensating', 'stuck')");
        orders.Payments.Calls.Count(call => call == "charge").ShouldBeInRange(1, (int)(Placed * 1.1));

        // It is well again, and nothing was lost.
        orders.Payments.Refunds.Clear();
        await orders.UntilAsync("SELECT count(*) = 0 FROM orders WHERE status IN ('pending', 'cancelling')");

        (await orders.ScalarAsync<long>("SELECT count(*) FROM orders WHERE status = 'cancelled'")).ShouldBe(Placed);
        orders.Payments.Calls.Count(call => call == "charge").ShouldBeInRange(1, (int)(Placed * 1.1));
        orders.Payments.Captured.ShouldBeEmpty();
        orders.Inventory.Reserved.ShouldBeEmpty();
    }
}
