using System.Net;
using System.Text.Json;
using Grpc.Core;

namespace Services.Tests.Orders;

public sealed class PlaceOrderTests(PostgresServer server)
{
    [Fact]
    public async Task An_order_that_can_be_had_is_confirmed_with_its_exact_total()
    {
        await using var orders = await OrdersHost.StartAsync(server);

        var response = await orders.PostAsync(OrdersHost.Order(lines: [("A", 1.125m, 0.0001m), ("B", 3m, 2.55m), ("A", 2m, 1m)]));

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var order = await OrdersHost.ViewAsync(response);
        response.Headers.Location!.ToString().ShouldBe($"/orders/{order.Id}");
        order.Status.ShouldBe("confirmed");
        order.Total.ShouldBe(9.6501125m);
        order.Failure.ShouldBeNull();
        orders.Payments.Captured[order.Id].ShouldBe(9.6501125m);
        orders.Inventory.Reserved[order.Id.ToString()].Lines.Select(line => line.Quantity.ToDecimal()).ShouldBe([1.125m, 3m, 2m]);
        var stored = await orders.GetAsync(order.Id);
        stored.History.ShouldNotBeNull().Count.ShouldBe(4);
        JsonSerializer.Serialize(stored with { History = null }).ShouldBe(JsonSerializer.Serialize(order), "the answer is what is stored, without its history");
    }

    [Fact]
    public async Task What_happens_to_an_order_is_told_in_order()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var order = await orders.PlaceAsync();
        await orders.CancelAsync(order.Id);

        var messages = await orders.Kafka.ReadAsync(Topics.OrderEvents, read => read.Count >= 3, OrdersHost.Cancel);

        var events = messages.Select(message => JsonSerializer.Deserialize<OrderEvent>(message.Message.Value, JsonSerializerOptions.Web)!).ToList();
        events.Select(told => told.Type).ShouldBe(["OrderPlaced", "OrderConfirmed", "OrderCancelled"]);
        events.ShouldAllBe(told => told.OrderId == order.Id && told.Total == order.Total && told.LineCount == 2 && told.Currency == "GBP");
        events[2].FailureCode.ShouldBe("CANCELLED_BY_CUSTOMER");
        messages.ShouldAllBe(message => message.Message.Key == order.Id.ToString());
        await orders.UntilAsync("SELECT count(*) = 0 FROM durable.outbox");
    }

    [Fact]
    public async Task Too_little_stock_is_409_and_nothing_is_charged()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Inventory.OnReserve = _ => new ReserveReply { Outcome = ReserveReply.Types.Outcome.OutOfStock, Sku = "85123A" };

        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));

        problem.Status.ShouldBe(HttpStatusCode.Conflict);
        problem.Code.ShouldBe("OUT_OF_STOCK");
        problem.Detail!.ShouldContain("'85123A'");
        var order = await orders.GetAsync(problem.Body.GetProperty("orderId").GetGuid());
        order.Status.ShouldBe("cancelled");
        order.Failure!.Code.ShouldBe("OUT_OF_STOCK");
        orders.Payments.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(HttpStatusCode.PaymentRequired, "CARD_DECLINED", "CARD_DECLINED")]
    [InlineData(HttpStatusCode.PaymentRequired, "UNKNOWN_PAYMENT_TOKEN", "UNKNOWN_PAYMENT_TOKEN")]
    [InlineData(HttpStatusCode.Conflict, "PAYMENT_VOIDED", "PAYMENT_VOIDED")]
    [InlineData(HttpStatusCode.UnprocessableEntity, "PAYMENT_MISMATCH", "PAYMENT_MISMATCH")]
    public async Task A_payment_refused_for_good_is_409_and_the_stock_goes_back(HttpStatusCode status, string code, string expected)
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.AnswerCharge(status, code);

        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));

        problem.Status.ShouldBe(HttpStatusCode.Conflict);
        problem.Code.ShouldBe(expected);
        orders.Payments.Calls.Count(call => call == "charge").ShouldBe(1);
        orders.Inventory.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_busy_provider_is_asked_again()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.AnswerCharge(HttpStatusCode.ServiceUnavailable, "BUSY");
        orders.Payments.AnswerCharge(HttpStatusCode.ServiceUnavailable, "BUSY");

        (await orders.PlaceAsync("tok_busy")).Status.ShouldBe("confirmed");
        orders.Payments.Calls.ShouldBe(["charge", "charge", "charge"]);
    }

    [Fact]
    public async Task Retry_after_is_honoured()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.AnswerCharge(HttpStatusCode.TooManyRequests, "RATE_LIMITED", retryAfter: "1");
        var started = TimeProvider.System.GetTimestamp();

        await orders.PlaceAsync("tok_rate_limited");

        TimeProvider.System.GetElapsedTime(started).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(0.99));
    }

    [Theory]
    [InlineData("BUSY")]
    [InlineData("PAYMENT_UNAVAILABLE")]
    public async Task A_provider_that_stays_away_cancels_the_order_with_its_code_and_voids_the_charge(string code)
    {
        await using var orders = await OrdersHost.StartAsync(server, ("Checkout:HoldMs", "0"));
        for (var i = 0; i < 4; i++)
        {
            orders.Payments.AnswerCharge(HttpStatusCode.ServiceUnavailable, code);
        }

        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));

        problem.Code.ShouldBe(code);
        orders.Payments.Calls.ShouldBe(["charge", "charge", "charge", "charge", "refund"]);
        orders.Inventory.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reply_lost_on_the_way_is_repeated_and_charges_once()
    {
        await using var orders = await OrdersHost.StartAsync(server, ("Resilience:dependencies:payments:l2:attempt_timeout_ms", "300"));
        orders.Payments.Charges.Enqueue((charge, context) =>
        {
            orders.Payments.Captured[charge.OrderId] = charge.Amount;
            context.Abort();
            return Task.FromResult<Microsoft.AspNetCore.Http.IResult>(Microsoft.AspNetCore.Http.Results.Empty);
        });

        var order = await orders.PlaceAsync();
        orders.Payments.Captured[order.Id].ShouldBe(order.Total);
        orders.Payments.Calls.ShouldBe(["charge", "charge"]);
    }

    [Fact]
    public async Task A_provider_that_never_answers_is_given_up_after_the_attempts_timeout()
    {
        await using var orders = await OrdersHost.StartAsync(server, ("Resilience:dependencies:payments:l2:attempt_timeout_ms", "50"), ("Checkout:HoldMs", "0"));
        orders.Payments.Gate = new TaskCompletionSource();

        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));

        problem.Code.ShouldBe("PAYMENT_UNAVAILABLE");
        problem.Detail!.ShouldContain("50 ms");
    }

    [Fact]
    public async Task Inventory_that_hiccups_is_asked_again()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var attempts = 0;
        orders.Inventory.OnReserve = _ => Interlocked.Increment(ref attempts) < 3
            ? throw new RpcException(new Status(StatusCode.Unavailable, "restarting"))
            : new ReserveReply { Outcome = ReserveReply.Types.Outcome.Reserved };

        (await orders.PlaceAsync()).Status.ShouldBe("confirmed");
    }

    [Fact]
    public async Task Inventory_that_stays_away_cancels_the_order()
    {
        await using var orders = await OrdersHost.StartAsync(server, ("Checkout:HoldMs", "0"));
        orders.Inventory.OnReserve = _ => throw new RpcException(new Status(StatusCode.Unavailable, "gone"));

        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));

        problem.Code.ShouldBe("INVENTORY_UNAVAILABLE");
        orders.Inventory.Calls.ShouldContain("release", "the attempts may have taken stock");
    }

    [Fact]
    public async Task A_sku_that_turns_out_unknown_when_reserving_cancels_the_order()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Inventory.OnReserve = _ => new ReserveReply { Outcome = ReserveReply.Types.Outcome.UnknownSku, Sku = "71053" };
        (await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()))).Code.ShouldBe("UNKNOWN_SKU");
    }

    [Fact]
    public async Task Who_cannot_wait_gets_202_and_a_place_to_ask()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var response = await orders.PostPendingAsync();

        var order = await OrdersHost.ViewAsync(response);
        order.Status.ShouldBe("pending");
        response.Headers.Location!.ToString().ShouldBe($"/orders/{order.Id}");
        orders.Payments.Gate.SetResult();
        await orders.UntilAsync("SELECT bool_and(status = 'confirmed') FROM orders");
        (await orders.GetAsync(order.Id)).Status.ShouldBe("confirmed");
    }

    [Fact]
    public async Task A_deadline_that_is_spent_already_stores_nothing()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order(), deadlineMs: 0));
        problem.Status.ShouldBe(HttpStatusCode.GatewayTimeout);
        problem.Code.ShouldBe("DEADLINE_EXCEEDED");
        (await orders.CountRowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Known_skus_are_asked_for_once()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        await orders.PlaceAsync();
        await orders.PlaceAsync();
        orders.Inventory.Calls.Count(call => call == "find").ShouldBe(1);
    }

    [Fact]
    public async Task An_instance_that_stops_leaves_its_orders_to_another()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var order = await OrdersHost.ViewAsync(await orders.PostPendingAsync());

        var heir = orders.AddReplica();
        await orders.StopFirstReplicaAsync();
        orders.Payments.Gate.SetResult();

        await orders.UntilAsync("SELECT bool_and(status = 'confirmed') FROM orders");
        (await heir.GetAsync($"/orders/{order.Id}", OrdersHost.Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        orders.Payments.Captured[order.Id].ShouldBe(order.Total);
    }

    [Fact]
    public async Task An_order_whose_instance_died_is_finished_by_another()
    {
        await using var orders = await OrdersHost.StartAsync(server, ("Sagas:Lease", "00:00:02"));
        orders.Payments.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await orders.PostPendingAsync();

        // As if the owner had died: its lease runs out and nobody renews it.
        await orders.ScalarAsync<object>("UPDATE durable.sagas SET owner = 'dead', epoch = epoch + 1, lease_until = now() RETURNING 1");
        orders.Payments.Gate.SetResult();

        await orders.UntilAsync("SELECT bool_and(status = 'confirmed') FROM orders");
        (await orders.ScalarAsync<long>("SELECT count(*) FROM orders")).ShouldBe(1);
    }
}
