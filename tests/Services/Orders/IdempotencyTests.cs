using System.Net;

namespace Services.Tests.Orders;

public sealed class IdempotencyTests(PostgresServer server)
{
    [Fact]
    public async Task A_repeat_gets_the_same_answer_and_does_nothing()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var first = await orders.PostAsync(OrdersHost.Order(), "key");
        var again = await orders.PostAsync(OrdersHost.Order(), "key");

        await ShouldBeSameAsync(again, first);
        first.StatusCode.ShouldBe(HttpStatusCode.Created);
        orders.Payments.Calls.ShouldBe(["charge"]);
    }

    [Fact]
    public async Task The_answer_does_not_depend_on_how_the_json_is_written()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var first = await orders.PostAsync(Json.Body("""{"customerId":"c","currency":"GBP","lines":[{"sku":"A","quantity":1.5,"unitPrice":2}],"payment":{"token":"tok_ok"}}"""), "key");
        var again = await orders.PostAsync(Json.Body("""{ "payment": {"token":"tok_ok"}, "lines": [ {"unitPrice": 2.00, "quantity": 1.50, "sku": "A"} ], "currency": "GBP", "customerId": "c" }"""), "key");
        await ShouldBeSameAsync(again, first);
    }

    [Theory]
    [InlineData("""{"customerId":"d","currency":"GBP","lines":[{"sku":"A","quantity":1,"unitPrice":2}],"payment":{"token":"tok_ok"}}""")]
    [InlineData("""{"customerId":"c","currency":"EUR","lines":[{"sku":"A","quantity":1,"unitPrice":2}],"payment":{"token":"tok_ok"}}""")]
    [InlineData("""{"customerId":"c","currency":"GBP","lines":[{"sku":"A","quantity":2,"unitPrice":1}],"payment":{"token":"tok_ok"}}""")]
    [InlineData("""{"customerId":"c","currency":"GBP","lines":[{"sku":"A","quantity":1,"unitPrice":2}],"payment":{"token":"tok_slow"}}""")]
    public async Task Another_order_under_the_same_key_is_422(string other)
    {
        await using var orders = await OrdersHost.StartAsync(server);
        await orders.PostAsync(Json.Body("""{"customerId":"c","currency":"GBP","lines":[{"sku":"A","quantity":1,"unitPrice":2}],"payment":{"token":"tok_ok"}}"""), "key");

        var problem = await Problem.ReadAsync(await orders.PostAsync(Json.Body(other), "key"));

        problem.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        problem.Code.ShouldBe("IDEMPOTENCY_KEY_REUSED");
        (await orders.ScalarAsync<long>("SELECT count(*) FROM orders")).ShouldBe(1);
    }

    [Fact]
    public async Task A_repeated_refusal_is_the_same_refusal()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Inventory.OnReserve = _ => new ReserveReply { Outcome = ReserveReply.Types.Outcome.OutOfStock, Sku = "85123A" };
        var first = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order(), "key"));
        orders.Inventory.OnReserve = null;

        var again = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order(), "key"));

        again.Code.ShouldBe("OUT_OF_STOCK");
        again.Detail.ShouldBe(first.Detail);
        again.Body.GetProperty("orderId").GetGuid().ShouldBe(first.Body.GetProperty("orderId").GetGuid());
    }

    [Fact]
    public async Task A_refused_body_does_not_use_its_key_up()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        (await orders.PostAsync(OrdersHost.Order(lines: [("A", -1m, 1m)]), "key")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await orders.PostAsync(OrdersHost.Order(), "key")).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Many_at_once_on_two_replicas_are_one_order_and_one_answer()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var other = orders.AddReplica();

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            orders.PostAsync(OrdersHost.Order(), "key", client: i % 2 == 0 ? orders.Client : other)));

        foreach (var response in responses)
        {
            await ShouldBeSameAsync(response, responses[0]);
        }

        responses[0].StatusCode.ShouldBe(HttpStatusCode.Created);
        (await orders.ScalarAsync<long>("SELECT count(*) FROM orders")).ShouldBe(1);
        orders.Payments.Calls.ShouldBe(["charge"]);
    }

    [Fact]
    public async Task A_repeat_waits_for_the_first_one()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = orders.PostAsync(OrdersHost.Order(), "key");
        await orders.Payments.Entered.Task;
        var again = orders.PostAsync(OrdersHost.Order(), "key");
        orders.Payments.Gate.SetResult();
        await ShouldBeSameAsync(await again, await first);
    }

    [Fact]
    public async Task An_answer_once_given_as_pending_stays_pending()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = await orders.PostPendingAsync("key");
        orders.Payments.Gate.SetResult();
        await orders.UntilAsync("SELECT bool_and(status = 'confirmed') FROM orders");

        await ShouldBeSameAsync(await orders.PostAsync(OrdersHost.Order(), "key"), first);
    }

    [Fact]
    public async Task The_answer_to_the_creation_outlives_a_cancellation()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        var first = await orders.PostAsync(OrdersHost.Order(), "key");
        var order = await OrdersHost.ViewAsync(first);
        (await orders.CancelAsync(order.Id)).StatusCode.ShouldBe(HttpStatusCode.OK);

        await ShouldBeSameAsync(await orders.PostAsync(OrdersHost.Order(), "key"), first);
        (await orders.GetAsync(order.Id)).Status.ShouldBe("cancelled");
    }

    [Fact]
    public async Task Without_a_key_every_request_is_an_order()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        (await orders.PlaceAsync()).Id.ShouldNotBe((await orders.PlaceAsync()).Id);
    }

    private static async Task ShouldBeSameAsync(HttpResponseMessage response, HttpResponseMessage expected)
    {
        response.StatusCode.ShouldBe(expected.StatusCode);
        response.Headers.Location.ShouldBe(expected.Headers.Location);
        (await response.Content.ReadAsStringAsync(OrdersHost.Cancel)).ShouldBe(await expected.Content.ReadAsStringAsync(OrdersHost.Cancel));
    }
}
