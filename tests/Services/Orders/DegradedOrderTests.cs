using System.Net;

namespace Services.Tests.Orders;

/// <summary>Orders that are accepted and finished later, because Orders is degraded.</summary>
public sealed class DegradedOrderTests(PostgresServer server)
{
    [Fact]
    public async Task A_degraded_service_accepts_at_once_and_finishes_later()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        orders.Inventory.OnReserve = _ =>
        {
            asked.Task.Wait(OrdersHost.Cancel);
            return new ReserveReply { Outcome = ReserveReply.Types.Outcome.Reserved };
        };
        orders.Degradation.Force(DegradationLevel.Degraded, "drill");

        var response = await orders.PostAsync(OrdersHost.Order(), key: "later");

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        response.Headers.GetValues("x-degraded").ShouldBe(["accepted-for-later"]);
        var order = await OrdersHost.ViewAsync(response);
        (order.Status, order.Degraded).ShouldBe(("pending", "accepted-for-later"));
        response.Headers.Location!.ToString().ShouldBe($"/orders/{order.Id}");

        asked.SetResult();
        await orders.UntilAsync("SELECT count(*) = 1 FROM orders WHERE status = 'confirmed'");
        (await orders.GetAsync(order.Id)).ShouldSatisfyAllConditions(now => now.Status.ShouldBe("confirmed"), now => now.Degraded.ShouldBeNull("how it was answered is over"));
        orders.Payments.Captured[order.Id].ShouldBe(order.Total);
    }

    [Fact]
    public async Task A_repeat_gets_the_degraded_answer_whatever_happened_since()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Degradation.Force(DegradationLevel.Degraded, "drill");
        var first = await orders.PostAsync(OrdersHost.Order(), key: "k");
        await orders.UntilAsync("SELECT count(*) = 1 FROM orders WHERE status = 'confirmed'");
        orders.Degradation.Release("drill over");
        orders.Degradation.Force(DegradationLevel.Normal, "well");

        var again = await orders.PostAsync(OrdersHost.Order(), key: "k");

        again.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        again.Headers.GetValues("x-degraded").ShouldBe(["accepted-for-later"]);
        (await again.Content.ReadAsStringAsync(OrdersHost.Cancel)).ShouldBe(await first.Content.ReadAsStringAsync(OrdersHost.Cancel));
    }

    [Fact]
    public async Task The_rest_of_the_traffic_waits_as_always()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var response = await orders.PostAsync(OrdersHost.Order());
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        response.Headers.Contains("x-degraded").ShouldBeFalse();
        (await response.Content.ReadAsStringAsync(OrdersHost.Cancel)).ShouldNotContain("degraded");
    }

    [Fact]
    public async Task An_order_that_was_not_finished_in_time_counts_as_a_broken_promise()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        orders.Inventory.OnReserve = _ =>
        {
            over.Task.Wait(OrdersHost.Cancel);
            return new ReserveReply { Outcome = ReserveReply.Types.Outcome.Reserved };
        };
        (await orders.PostAsync(OrdersHost.Order(), deadlineMs: 200)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        orders.Degradation.Endpoints["place-order"].Failures.ShouldBe(1);
        over.SetResult();
        await orders.UntilAsync("SELECT count(*) = 1 FROM orders WHERE status = 'confirmed'");
    }

    [Fact]
    public async Task A_wrong_order_is_refused_as_always()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Degradation.Force(DegradationLevel.Degraded, "drill");
        (await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order(lines: [("A", -1m, 1m)])))).Status.ShouldBe(HttpStatusCode.BadRequest);
        await orders.UntilAsync("SELECT count(*) = 0 FROM orders");
    }

    [Fact]
    public async Task A_broken_service_refuses_without_storing_anything()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Degradation.Force(DegradationLevel.Broken, "drill");
        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));
        (problem.Status, problem.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "SERVICE_DEGRADED"));
        await orders.UntilAsync("SELECT count(*) = 0 FROM orders");
    }
}
