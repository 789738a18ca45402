namespace Tools.Tests.OnlineRetail;

public sealed class InvoiceGroupingTests
{
    [Fact]
    public async Task An_invoice_with_no_line_left_is_rejected_with_its_reasons()
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("1", "POST"), Csv.Line("1", "10001", price: "0"), Csv.Line("1", "DOT"), Csv.Line("2", "10002")));

        var rejected = day.RejectedInvoices.ShouldHaveSingleItem();
        rejected.Invoice.ShouldBe("1");
        rejected.Reason.ShouldContain("2 x not-goods");
        rejected.Reason.ShouldContain("1 x price-not-positive");
        day.Orders.ShouldHaveSingleItem().Invoice.ShouldBe("2");
    }

    [Fact]
    public async Task Lines_beyond_the_most_that_the_api_takes_are_rejected()
    {
        var day = await Csv.ReadAsync(Csv.File(Enumerable.Range(0, ApiLimits.MaxLines + 3).Select(index => Csv.Line("1", $"{10000 + index}"))));

        day.Orders.ShouldHaveSingleItem().Lines.Count.ShouldBe(ApiLimits.MaxLines);
        day.RejectedLines.Count.ShouldBe(3);
        day.RejectedLines.ShouldAllBe(line => line.Reason == RejectionReasons.TooManyLines);
    }

    [Fact]
    public async Task A_line_of_another_customer_is_not_sold_to_the_invoices_customer()
    {
        var day = await Csv.ReadAsync(Csv.File(
            Csv.Line("1", "10001", customer: ""), Csv.Line("1", "10002", customer: "7"), Csv.Line("1", "10003", customer: "8"), Csv.Line("1", "10004", customer: "7")));

        var order = day.Orders.ShouldHaveSingleItem();
        order.CustomerId.ShouldBe("7");
        order.Lines.Count.ShouldBe(3);
        day.RejectedLines.ShouldHaveSingleItem().Reason.ShouldBe(RejectionReasons.CustomerDiffers);
    }

    [Fact]
    public async Task A_sku_may_be_in_an_invoice_twice()
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("1", "10001"), Csv.Line("1", "10001")));

        day.Orders.ShouldHaveSingleItem().Lines.Count.ShouldBe(2);
    }
}
