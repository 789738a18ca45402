using System.Text.Json;

namespace Tools.Tests.OwnShop;

public sealed class EventCountsTests
{
    private static readonly EventCounts Right = new(Placed: 3, Confirmed: 2, Cancelled: 2, PaidOrders: 1, PaidAmount: 5m);

    /// <summary>One confirmed, one confirmed and cancelled by its customer, one refused.</summary>
    private static OrderRun[] Orders() => [Order(OrderStatus.Confirmed), Order(OrderStatus.Confirmed, cancelled: true), Order(OrderStatus.Cancelled)];

    [Fact]
    public void Events_that_announce_each_order_once_fit() => Right.Differences(Orders()).ShouldBeEmpty();

    [Fact]
    public void Lost_and_repeated_events_are_found()
    {
        Difference(Right with { Placed = 2 }).ShouldBe("2 events OrderPlaced arrived for 3 orders");
        Difference(Right with { Placed = 4 }).ShouldBe("4 events OrderPlaced arrived for 3 orders");
        Difference(Right with { Cancelled = 1 }).ShouldBe("1 events OrderCancelled arrived for 2 cancelled orders");
        Difference(Right with { Confirmed = 1 }).ShouldBe("1 events OrderConfirmed arrived, 2 to 2 are right");
        Difference(Right with { Confirmed = 3 }).ShouldBe("3 events OrderConfirmed arrived, 2 to 2 are right");
        Difference(Right with { PaidAmount = 10m }).ShouldBe("Operations counts 1 confirmed orders worth 10; there are 1 worth 5");

        string Difference(EventCounts events) => events.Differences(Orders()).ShouldHaveSingleItem();
    }

    [Fact]
    public void The_summary_of_operations_is_read()
    {
        EventCounts.Parse("""{"events":{"OrderPlaced":3,"OrderConfirmed":2,"OrderCancelled":2},"confirmedMoney":[{"currency":"GBP","orders":1,"amount":5}]}""").ShouldBe(Right);
        EventCounts.Parse("""{"events":{},"confirmedMoney":[]}""").ShouldBe(new EventCounts(0, 0, 0, 0, 0));
        Should.Throw<JsonException>(() => EventCounts.Parse("""{"title":"Bad Gateway"}"""));
    }

    private static OrderRun Order(string status, bool cancelled = false)
    {
        var request = new PlaceOrderRequest("1", "GBP", [new OrderLine("10001", 2, 2.5m)], new PaymentMethod("tok_ok"));
        var view = new OrderView(Guid.NewGuid(), "1", "GBP", status, 5m, request.Lines, null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        var run = new OrderRun(new PlannedOrder("1", "key", request, 5m));
        run.Take(new ShopAnswer<OrderView>(201, view, null, null), TimeSpan.Zero, TimeSpan.Zero, 1);
        if (cancelled)
        {
            run.CancelAccepted = true;
            run.See(view with { Status = OrderStatus.Cancelled }, 2);
        }

        return run;
    }
}
