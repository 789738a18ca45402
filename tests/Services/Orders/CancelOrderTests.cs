using System.Net;
using Grpc.Core;

namespace Services.Tests.Orders;

public sealed class CancelOrderTests(PostgresServer server)
{
    [Fact]
    public async Task A_confirmed_order_gives_money_and_stock_back()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var order = await orders.PlaceAsync();

        var response = await orders.CancelAsync(order.Id);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var cancelled = await OrdersHost.ViewAsync(response);
        cancelled.Status.ShouldBe("cancelled");
        cancelled.Failure!.Code.ShouldBe("CANCELLED_BY_CUSTOMER");
        orders.Payments.Captured.ShouldBeEmpty();
        orders.Inventory.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pending_order_turns_round()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var placing = orders.PostAsync(OrdersHost.Order());
        await orders.Payments.Entered.Task;
        var id = await orders.ScalarAsync<Guid>("SELECT id FROM orders");

        var cancelling = orders.CancelAsync(id);
        await orders.UntilAsync("SELECT status = 'cancelling' FROM orders");
        orders.Payments.Gate.SetResult();

        (await cancelling).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Problem.ReadAsync(await placing)).Code.ShouldBe("CANCELLED_BY_CUSTOMER");
        orders.Payments.Captured.ShouldBeEmpty();
        orders.Inventory.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cancelled_order_stays_as_it_is()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var order = await orders.PlaceAsync();
        var first = await orders.CancelAsync(order.Id);
        var again = await orders.CancelAsync(order.Id);

        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await again.Content.ReadAsStringAsync(OrdersHost.Cancel)).ShouldBe(await first.Content.ReadAsStringAsync(OrdersHost.Cancel));
        orders.Payments.Calls.Count(call => call == "refund").ShouldBe(1);
    }

    [Fact]
    public async Task An_order_that_failed_keeps_its_own_reason()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Inventory.OnReserve = _ => new ReserveReply { Outcome = ReserveReply.Types.Outcome.OutOfStock, Sku = "A" };
        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));

        var response = await orders.CancelAsync(problem.Body.GetProperty("orderId").GetGuid());

        (await OrdersHost.ViewAsync(response)).Failure!.Code.ShouldBe("OUT_OF_STOCK");
    }

    [Fact]
    public async Task Who_cannot_wait_for_the_refund_gets_202_and_it_happens_all_the_same()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var order = await orders.PlaceAsync();
        for (var i = 0; i < 3; i++)
        {
            orders.Payments.Refunds.Enqueue(() => FakePayments.Problem(HttpStatusCode.ServiceUnavailable, "PAYMENT_UNAVAILABLE"));
        }

        var response = await orders.CancelAsync(order.Id, deadlineMs: 100);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await OrdersHost.ViewAsync(response)).Status.ShouldBe("cancelling");
        response.Headers.Location!.ToString().ShouldBe($"/orders/{order.Id}");
        await orders.UntilAsync("SELECT bool_and(status = 'cancelled') FROM orders");
        orders.Payments.Captured.ShouldBeEmpty();
        orders.Inventory.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task Stock_that_cannot_be_released_at_once_is_released_later()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var order = await orders.PlaceAsync();
        var attempts = 0;
        orders.Inventory.OnRelease = _ => Interlocked.Increment(ref attempts) < 3
            ? throw new RpcException(new Status(StatusCode.Unavailable, "restarting"))
            : new ReleaseReply();

        (await orders.CancelAsync(order.Id)).StatusCode.ShouldBe(HttpStatusCode.OK);
        orders.Inventory.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task Cancelled_by_many_at_once_is_refunded_once()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var order = await orders.PlaceAsync();
        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => orders.CancelAsync(order.Id)));
        responses.ShouldAllBe(response => response.StatusCode == HttpStatusCode.OK);
        orders.Payments.Calls.Count(call => call == "refund").ShouldBe(1);
    }
}
