namespace Tools.Tests.Books;

public sealed class OrderRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly PlannedOrder Planned = new(
        "536365",
        "key",
        new PlaceOrderRequest("17850", "GBP", [new OrderLine("10001", 2, 1.5m), new OrderLine("10001", 2, 1.5m), new OrderLine("10002", 1, 1)], new PaymentMethod("tok_ok")),
        7);

    private static readonly OrderView Right = new(
        Guid.NewGuid(), "17850", "GBP", OrderStatus.Confirmed, 7, Planned.Request.Lines, null, Start, Start);

    [Fact]
    public void Lines_may_come_back_in_another_order()
    {
        OrderRules.Difference(Planned, Right with { Lines = [.. Planned.Request.Lines.Reverse()] }).ShouldBeNull();
    }

    [Fact]
    public void A_line_that_came_back_once_instead_of_twice_is_missing()
    {
        OrderRules.Difference(Planned, Right with { Lines = [.. Planned.Request.Lines.Skip(1)] })!.ShouldContain("2 instead of 3, without 2 x 10001 at 1.5");
    }

    [Fact]
    public void A_line_that_was_not_sent_is_named()
    {
        OrderRules.Difference(Planned, Right with { Lines = [.. Planned.Request.Lines, new OrderLine("10009", 1, 1)] })!.ShouldContain("with 1 x 10009 at 1 that was not sent");
    }

    [Fact]
    public void Trailing_zeros_make_no_difference()
    {
        OrderRules.Difference(Planned, Right with { Total = 7.0000m }).ShouldBeNull();
    }

    [Theory]
    [InlineData("EUR", "17850", "currency: EUR instead of GBP")]
    [InlineData("GBP", "99", "customer: 99 instead of 17850")]
    public void Another_currency_or_customer_is_named(string currency, string customer, string expected)
    {
        OrderRules.Difference(Planned, Right with { Currency = currency, CustomerId = customer }).ShouldBe(expected);
    }

    [Fact]
    public void An_order_from_before_the_run_tells_that_its_run_id_was_used()
    {
        var run = new OrderRun(Planned);
        var entry = new LedgerEntry(run, Right.Id, new ShopAnswer<OrderView>(200, Right, null, null), new ShopAnswer<PaymentView>(404, null, null, null));

        var violation = OrderRules.JudgeStored([entry], Start.AddSeconds(1)).ShouldHaveSingleItem();

        violation.Rule.ShouldBe(Rules.FreshRun);
        violation.Message.ShouldContain("--run-id");
        OrderRules.JudgeStored([entry], Start).ShouldBeEmpty();
    }
}
