using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.Orders;

/// <summary>What a person sees of an order's way, and can do when it does not go on.</summary>
public sealed class SagaOperationTests(PostgresServer server)
{
    private const string Key = "an-operator";

    [Fact]
    public async Task An_order_tells_what_happened_to_it_step_by_step()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.AnswerCharge(HttpStatusCode.ServiceUnavailable, "BUSY");
        var order = await orders.PlaceAsync();
        await orders.CancelAsync(order.Id);

        var history = await HistoryAsync(orders, order.Id);

        history.Select(entry => entry.Event).ShouldBe(
            ["started", "execute", "execute", "execute", "completed", "turned", "compensate", "compensate", "compensated"]);
        var texts = history.Select(entry => entry.Text).ToList();
        texts[0].ShouldBe("Order accepted.");
        texts[1].ShouldStartWith("Stock reserved (attempt 1, ");
        texts[2].ShouldStartWith("Not yet: Payment taken (attempt 1, ");
        texts[2].ShouldEndWith(": because of BUSY.");
        texts[3].ShouldStartWith("Payment taken (attempt 2, ");
        texts[4].ShouldBe("Order confirmed.");
        texts[5].ShouldBe("The order is being cancelled: The customer cancelled the order.");
        texts[6].ShouldStartWith("Payment given back");
        texts[7].ShouldStartWith("Stock put back");
        texts[8].ShouldBe("Order cancelled: The customer cancelled the order.");
    }

    [Fact]
    public async Task A_compensation_that_keeps_failing_is_listed_makes_one_dead_letter_and_can_be_skipped()
    {
        await using var orders = await StartAsync();
        for (var refund = 0; refund < 50; refund++)
        {
            orders.Payments.Refunds.Enqueue(() => FakePayments.Problem(HttpStatusCode.ServiceUnavailable, "PROVIDER_AWAY"));
        }

        var order = await orders.PlaceAsync();
        await orders.CancelAsync(order.Id, deadlineMs: 250);
        await orders.UntilAsync("SELECT status = 'stuck' FROM durable.sagas WHERE definition = 'order'");

        var stuck = (await orders.Client.GetFromJsonAsync<JsonElement>("/sagas?filter=stuck", OrdersHost.Cancel)).EnumerateArray().ShouldHaveSingleItem();
        stuck.GetProperty("id").GetGuid().ShouldBe(order.Id);
        stuck.GetProperty("remaining").EnumerateArray().Select(step => step.GetString()).ShouldBe(["undo charge", "undo reserve", "undo accept"]);

        var letters = await orders.Kafka.ReadAsync("dlq.events.v1", read => read.Count > 0, OrdersHost.Cancel);
        var letter = JsonSerializer.Deserialize<JsonElement>(letters[0].Message.Value);
        (letter.GetProperty("operation").GetString(), letter.GetProperty("retry_count").GetInt32()).ShouldBe(("saga order: undo charge", 2));
        (letter.GetProperty("key").GetString(), letter.GetProperty("error_code").GetString()).ShouldBe((order.Id.ToString(), "PAYMENT_UNAVAILABLE"));
        letter.GetProperty("payload").GetString()!.ShouldContain("85123A");

        using var skipped = await ActAsync(orders, $"/sagas/{order.Id}/skip?reason=refunded%20by%20hand");
        skipped.StatusCode.ShouldBe(HttpStatusCode.OK, await skipped.Content.ReadAsStringAsync(OrdersHost.Cancel));
        await orders.UntilAsync("SELECT count(*) = 1 FROM durable.finished_sagas WHERE definition = 'order' AND status = 'compensated'");
        (await HistoryAsync(orders, order.Id)).ShouldContain(entry => entry.Text == "ann took 'Payment given back' for done: refunded by hand.");
        orders.Inventory.Reserved.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_payment_that_fails_as_often_as_it_may_holds_the_order_makes_a_dead_letter_and_goes_on_when_it_is_tried_again()
    {
        await using var orders = await StartAsync();
        for (var i = 0; i < 4; i++)
        {
            orders.Payments.AnswerCharge(HttpStatusCode.ServiceUnavailable, "PROVIDER_AWAY");
        }

        using var answer = await orders.PostAsync(OrdersHost.Order(), deadlineMs: 250);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var letters = await orders.Kafka.ReadAsync("dlq.events.v1", read => read.Count > 0, OrdersHost.Cancel);
        var letter = JsonSerializer.Deserialize<JsonElement>(letters[0].Message.Value);
        var id = letter.GetProperty("key").GetGuid();
        (letter.GetProperty("operation").GetString(), letter.GetProperty("retry_count").GetInt32(), letter.GetProperty("error_code").GetString())
            .ShouldBe(("saga order: charge", 3, "PAYMENT_UNAVAILABLE"));
        (await HistoryAsync(orders, id))[^1].Text.ShouldStartWith("Payment taken has failed as often as it may; the order waits for the cause to be healed");
        orders.Inventory.Reserved.ShouldNotBeEmpty("it keeps its stock");

        using var retried = await ActAsync(orders, $"/sagas/{id}/retry");
        retried.StatusCode.ShouldBe(HttpStatusCode.OK);

        await orders.UntilAsync("SELECT count(*) = 1 FROM durable.finished_sagas WHERE definition = 'order' AND status = 'completed'");
        orders.Payments.Captured.Keys.ShouldBe([id]);
    }

    [Fact]
    public async Task Only_operators_act_and_wrong_wishes_say_what_would_be_right()
    {
        await using var orders = await StartAsync();
        var order = await orders.PlaceAsync();

        (await Problem.ReadAsync(await orders.Client.PostAsync($"/sagas/{order.Id}/retry", null, OrdersHost.Cancel))).Code.ShouldBe("UNAUTHENTICATED");
        (await Problem.ReadAsync(await ActAsync(orders, $"/sagas/{order.Id}/retry"))).Code.ShouldBe("NOT_APPLICABLE");
        (await Problem.ReadAsync(await ActAsync(orders, $"/sagas/{order.Id}/skip?reason=%20"))).Code.ShouldBe("VALIDATION_FAILED");
        (await Problem.ReadAsync(await ActAsync(orders, $"/sagas/{Guid.NewGuid()}/compensate?reason=x"))).Code.ShouldBe("NOT_FOUND");
        (await Problem.ReadAsync(await ActAsync(orders, $"/sagas/{order.Id}/compensate?reason=x&onlyIf=held"))).Code.ShouldBe("NOT_APPLICABLE");
        (await Problem.ReadAsync(await ActAsync(orders, $"/sagas/{order.Id}/compensate?reason=x&onlyIf=7"))).Error("onlyIf").ShouldBe(
            "onlyIf is '7'; it must be running, compensating, stuck, stalled, held, completed, compensated.");
        (await Problem.ReadAsync(await ActAsync(orders, "/sagas/17/retry"))).Code.ShouldBe("NOT_FOUND");
        var wrong = await Problem.ReadAsync(await orders.Client.GetAsync("/sagas?filter=late", OrdersHost.Cancel));
        wrong.Code.ShouldBe("VALIDATION_FAILED");
        (await orders.Client.GetAsync("/sagas?limit=0", OrdersHost.Cancel)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await orders.Client.GetAsync("/sagas?filter=1", OrdersHost.Cancel)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        using var undone = await ActAsync(orders, $"/sagas/{order.Id}/compensate?reason=fraud");
        undone.StatusCode.ShouldBe(HttpStatusCode.OK);
        await orders.UntilAsync("SELECT count(*) = 1 FROM durable.finished_sagas WHERE definition = 'order' AND status = 'compensated'");
        orders.Payments.Captured.ShouldBeEmpty();
    }

    private Task<OrdersHost> StartAsync() => OrdersHost.StartAsync(
        server,
        ("Operator:Key", Key),
        ("Sagas:StuckAfter", "2"),
        ("Sagas:CompensationBaseDelay", "00:00:00.010"),
        ("Sagas:CompensationMaxDelay", "00:00:00.020"));

    private static Task<HttpResponseMessage> ActAsync(OrdersHost orders, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { { "X-Operator-Key", Key }, { "X-Operator", "ann" } } };
        return orders.Client.SendAsync(request, OrdersHost.Cancel);
    }

    private static async Task<List<(string Event, string Text)>> HistoryAsync(OrdersHost orders, Guid id)
    {
        var order = await orders.Client.GetFromJsonAsync<JsonElement>($"/orders/{id}", OrdersHost.Cancel);
        return [.. order.GetProperty("history").EnumerateArray().Select(entry => (entry.GetProperty("event").GetString()!, entry.GetProperty("text").GetString()!))];
    }
}
