namespace Tools.Tests.OnlineRetail;

public sealed class LineRulesTests
{
    [Theory]
    [InlineData("0", RejectionReasons.QuantityNotPositive)]
    [InlineData("-3", RejectionReasons.QuantityNotPositive)]
    [InlineData("six", RejectionReasons.QuantityNotANumber)]
    [InlineData("", RejectionReasons.QuantityNotANumber)]
    [InlineData("NaN", RejectionReasons.QuantityNotANumber)]
    [InlineData("1.0005", RejectionReasons.QuantityOutOfRange)]
    [InlineData("1000001", RejectionReasons.QuantityOutOfRange)]
    [InlineData("1e40", RejectionReasons.QuantityNotANumber)]
    public async Task A_wrong_quantity_is_rejected_with_field_value_and_reason(string quantity, string reason)
    {
        var rejected = await Csv.RejectAsync(Csv.Line("536365", "10001", quantity));

        (rejected.Line, rejected.Invoice, rejected.Field, rejected.Value, rejected.Reason).ShouldBe((2, "536365", "Quantity", quantity, reason));
        rejected.Expected.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("0.0", RejectionReasons.PriceNotPositive)]
    [InlineData("-11062.06", RejectionReasons.PriceNotPositive)]
    [InlineData("£2", RejectionReasons.PriceNotANumber)]
    [InlineData("2.00001", RejectionReasons.PriceOutOfRange)]
    [InlineData("1000000.01", RejectionReasons.PriceOutOfRange)]
    public async Task A_wrong_price_is_rejected(string price, string reason)
    {
        var rejected = await Csv.RejectAsync(Csv.Line("536365", "10001", price: price));

        (rejected.Field, rejected.Reason).ShouldBe(("UnitPrice", reason));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("D")]
    [InlineData("M")]
    [InlineData("DOT")]
    [InlineData("C2")]
    [InlineData("BANK CHARGES")]
    [InlineData("gift_0001_20")]
    [InlineData("1234")]
    public async Task Codes_that_do_not_start_with_five_digits_are_no_goods(string code)
    {
        (await Csv.RejectAsync(Csv.Line("536365", code))).Reason.ShouldBe(RejectionReasons.NotGoods);
    }

    [Theory]
    [InlineData("12345/6")]
    [InlineData("12345 A")]
    [InlineData("12345É")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234X")]
    public async Task Codes_that_cannot_be_a_sku_are_rejected(string code)
    {
        (await Csv.RejectAsync(Csv.Line("536365", code))).Reason.ShouldBe(RejectionReasons.StockCodeInvalid);
    }

    [Theory]
    [InlineData("85123A", "85123A")]
    [InlineData("85123", "85123")]
    [InlineData("85123.0", "85123")]
    [InlineData(" 15056BL ", "15056BL")]
    public async Task Codes_of_goods_are_kept(string code, string sku)
    {
        (await Csv.ReadAsync(Csv.File(Csv.Line("1", code)))).Orders.ShouldHaveSingleItem().Lines[0].Sku.ShouldBe(sku);
    }

    [Theory]
    [InlineData("17850.0", "17850")]
    [InlineData("17850", "17850")]
    [InlineData("", SalesOrder.Guest)]
    [InlineData("  ", SalesOrder.Guest)]
    public async Task Customers_are_read_as_whole_numbers_and_guests_have_a_name(string customer, string expected)
    {
        (await Csv.ReadAsync(Csv.File(Csv.Line("1", "10001", customer: customer)))).Orders.ShouldHaveSingleItem().CustomerId.ShouldBe(expected);
    }

    [Fact]
    public async Task A_customer_that_the_shop_could_not_store_is_rejected()
    {
        (await Csv.RejectAsync(Csv.Line("1", "10001", customer: "17 850"))).Reason.ShouldBe(RejectionReasons.CustomerInvalid);
        (await Csv.RejectAsync(Csv.Line("1", "10001", customer: new string('9', 65)))).Reason.ShouldBe(RejectionReasons.CustomerInvalid);
    }

    [Fact]
    public async Task Rows_with_too_few_or_too_many_fields_are_rejected()
    {
        (await Csv.RejectAsync("536365,10001,LANTERN,1")).Reason.ShouldBe(RejectionReasons.FieldCount);
        (await Csv.RejectAsync(Csv.Line("536365", "10001", description: "RED, BIG"))).Reason.ShouldBe(RejectionReasons.FieldCount);
    }

    [Fact]
    public async Task A_row_without_invoice_or_stock_code_is_rejected()
    {
        (await Csv.RejectAsync(Csv.Line("", "10001"))).Reason.ShouldBe(RejectionReasons.NoInvoice);
        (await Csv.RejectAsync(Csv.Line("1", ""))).Reason.ShouldBe(RejectionReasons.NoStockCode);
    }

    [Fact]
    public async Task Small_and_scientific_numbers_are_exact()
    {
        var line = (await Csv.ReadAsync(Csv.File(Csv.Line("1", "10001", "0.125", "1e-4")))).Orders[0].Lines[0];

        (line.Quantity, line.UnitPrice).ShouldBe((0.125m, 0.0001m));
    }

    [Fact]
    public async Task A_cancellation_has_to_take_back()
    {
        (await Csv.RejectAsync(Csv.Line("C1", "10001", "3"))).Reason.ShouldBe(RejectionReasons.QuantityNotNegative);
        (await Csv.ReadAsync(Csv.File(Csv.Line("C1", "10001", "-3")))).Cancellations.ShouldHaveSingleItem().Lines[0].Quantity.ShouldBe(3);
    }
}
