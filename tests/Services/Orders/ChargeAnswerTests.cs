using System.Net;

namespace Services.Tests.Orders;

/// <summary>No order is confirmed on an answer of Payments that is not what was agreed upon, and each check is counted for the release that gave the answer.</summary>
public sealed class ChargeAnswerTests(PostgresServer server)
{
    [Fact]
    public async Task Another_amount_than_the_order_s_is_given_back_and_the_order_cancelled()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Charges.Enqueue((charge, _) =>
        {
            orders.Payments.Captured[charge.OrderId] = charge.Amount - 1;
            return Task.FromResult<Microsoft.AspNetCore.Http.IResult>(Microsoft.AspNetCore.Http.TypedResults.Ok(FakePayments.View(charge, charge.Amount - 1)));
        });

        var problem = await Problem.ReadAsync(await orders.PostAsync(OrdersHost.Order()));

        (problem.Status, problem.Code).ShouldBe((HttpStatusCode.Conflict, ProblemCodes.PaymentMismatch));
        orders.Payments.Captured.ShouldBeEmpty("what was taken went back");
        orders.Payments.Calls.ShouldBe(["charge", "refund"]);
    }

    [Theory]
    [InlineData("""{"orderId":"ID","status":"captured","amount":22.08,"currency":"GBP","capturedAmount":22.08,"refunded":0,"failureCode":null,"updatedAt":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"orderId":"ID","status":"captured","amount":22.08,"currency":"GBP","captured":"22.08","refunded":0,"failureCode":null,"updatedAt":"2026-01-01T00:00:00Z"}""")]
    [InlineData("[]")]
    [InlineData("""{"orderId":""")]
    [InlineData("")]
    public async Task An_answer_of_another_shape_is_asked_for_again(string body)
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Charges.Enqueue((charge, _) => Task.FromResult(Microsoft.AspNetCore.Http.Results.Text(body.Replace("ID", charge.OrderId.ToString(), StringComparison.Ordinal), "application/json")));

        var order = await orders.PlaceAsync();

        orders.Payments.Captured[order.Id].ShouldBe(order.Total);
        orders.Payments.Calls.ShouldBe(["charge", "charge"]);
    }

    [Fact]
    public async Task A_receipt_and_other_news_of_a_later_release_are_welcome()
    {
        await using var orders = await OrdersHost.StartAsync(server);
        orders.Payments.Charges.Enqueue((charge, _) => Task.FromResult<Microsoft.AspNetCore.Http.IResult>(
            Microsoft.AspNetCore.Http.TypedResults.Ok(FakePayments.View(charge, charge.Amount) with { Receipt = Guid.NewGuid() })));
        await orders.PlaceAsync();
        orders.Payments.Calls.ShouldBe(["charge"]);
    }

    [Fact]
    public async Task The_channel_of_an_order_goes_with_its_saga_to_the_canary_and_into_the_events()
    {
        await using var canary = await FakePayments.StartAsync();
        await using var orders = await OrdersHost.StartAsync(server, ("services:payments-canary:http:0", canary.Address.ToString()));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = System.Net.Http.Json.JsonContent.Create(OrdersHost.Order()) };
        request.Headers.Add(ResilienceHeaders.ReleaseChannel, "canary");
        using var answer = await orders.Client.SendAsync(request, OrdersHost.Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(OrdersHost.Cancel));
        await orders.PlaceAsync();

        (canary.Calls.Count, orders.Payments.Calls.Count).ShouldBe((1, 1));
        (await orders.ScalarAsync<long>("SELECT count(*) FROM (SELECT channel FROM durable.sagas UNION ALL SELECT channel FROM durable.finished_sagas) s WHERE channel = 'canary'")).ShouldBe(1);
    }
}
