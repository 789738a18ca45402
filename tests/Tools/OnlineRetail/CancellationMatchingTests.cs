namespace Tools.Tests.OnlineRetail;

public sealed class CancellationMatchingTests
{
    [Fact]
    public async Task A_cancelled_line_belongs_to_the_latest_earlier_order_that_sold_it()
    {
        var matches = await MatchAsync(Csv.Line("1", "10001", "5"), Csv.Line("2", "10001", "5"), Csv.Line("C3", "10001", "-5"), Csv.Line("4", "10001", "5"));

        var (order, lines) = matches.ShouldHaveSingleItem().Orders.ShouldHaveSingleItem();
        order.Invoice.ShouldBe("2");
        lines.ShouldHaveSingleItem().Sku.ShouldBe("10001");
    }

    [Fact]
    public async Task An_order_that_sold_fewer_is_passed_over()
    {
        var matches = await MatchAsync(Csv.Line("1", "10001", "5"), Csv.Line("2", "10001", "4"), Csv.Line("C3", "10001", "-5"));

        matches[0].Orders.ShouldHaveSingleItem().Order.Invoice.ShouldBe("1");
    }

    [Fact]
    public async Task Quantities_of_a_sku_within_an_order_count_together()
    {
        var matches = await MatchAsync(Csv.Line("1", "10001", "2"), Csv.Line("1", "10001", "3"), Csv.Line("C3", "10001", "-5"));

        matches[0].Orders.ShouldHaveSingleItem().Order.Invoice.ShouldBe("1");
    }

    [Theory]
    [InlineData("10001", "-5", "2.50", "99", "no earlier order of customer 99")]
    [InlineData("10009", "-5", "2.50", "17850", "no earlier order of customer 17850 with 10009")]
    [InlineData("10001", "-5", "2.51", "17850", "never at 2.51")]
    [InlineData("10001", "-6", "2.50", "17850", "never 6 in one order")]
    [InlineData("10001", "-5", "2.50", "", "names no customer")]
    public async Task A_line_that_fits_no_order_is_reported_with_the_reason(string sku, string quantity, string price, string customer, string reason)
    {
        var matches = await MatchAsync(Csv.Line("1", "10001", "5"), Csv.Line("C2", sku, quantity, price, customer));

        var match = matches.ShouldHaveSingleItem();
        match.Orders.ShouldBeEmpty();
        match.Unmatched.ShouldHaveSingleItem().Reason.ShouldContain(reason);
    }

    [Fact]
    public async Task A_cancellation_before_its_order_matches_nothing()
    {
        (await MatchAsync(Csv.Line("C1", "10001", "-5"), Csv.Line("2", "10001", "5")))[0].Orders.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cancellation_of_several_lines_of_one_order_cancels_it_once()
    {
        var matches = await MatchAsync(Csv.Line("1", "10001", "5"), Csv.Line("1", "10002", "5"), Csv.Line("C2", "10001", "-5"), Csv.Line("C2", "10002", "-1"));

        var (_, lines) = matches[0].Orders.ShouldHaveSingleItem();
        lines.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_cancellation_may_take_back_from_several_orders()
    {
        var matches = await MatchAsync(Csv.Line("1", "10001"), Csv.Line("2", "10002"), Csv.Line("C3", "10001", "-1"), Csv.Line("C3", "10002", "-1"), Csv.Line("C3", "10003", "-1"));

        matches[0].Orders.Select(order => order.Order.Invoice).ShouldBe(["1", "2"]);
        matches[0].Unmatched.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Guests_are_not_one_customer()
    {
        (await MatchAsync(Csv.Line("1", "10001", customer: ""), Csv.Line("C2", "10001", "-1", customer: "")))[0].Orders.ShouldBeEmpty();
    }

    private static async Task<IReadOnlyList<CancellationMatch>> MatchAsync(params string[] lines)
    {
        var day = await Csv.ReadAsync(Csv.File(lines));
        return CancellationMatching.Match(day.Orders, day.Cancellations);
    }
}
