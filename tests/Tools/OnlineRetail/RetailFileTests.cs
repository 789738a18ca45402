using System.Text;

namespace Tools.Tests.OnlineRetail;

public sealed class RetailFileTests
{
    [Fact]
    public async Task Lines_of_an_invoice_become_one_order_with_an_exact_total()
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("536365", "85123A", "6", "2.55"), Csv.Line("536365", "71053", "3", "3.39")));

        var order = day.Orders.ShouldHaveSingleItem();
        order.Invoice.ShouldBe("536365");
        order.CustomerId.ShouldBe("17850");
        order.Total.ShouldBe(25.47m);
        order.Lines.Select(line => line.Sku).ShouldBe(["85123A", "71053"]);
    }

    [Fact]
    public async Task Lines_of_an_invoice_need_not_be_together_and_orders_keep_their_first_appearance()
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("2", "10002"), Csv.Line("1", "10001"), Csv.Line("2", "10003")));

        day.Orders.Select(order => order.Invoice).ShouldBe(["2", "1"]);
        day.Orders[0].Lines.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public async Task Any_line_end_is_read(string lineEnd)
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("1", "10001"), Csv.Line("2", "10002")).Replace("\n", lineEnd, StringComparison.Ordinal));

        day.Orders.Count.ShouldBe(2);
        day.RejectedLines.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_byte_order_mark_is_no_part_of_the_header()
    {
        var day = await Csv.ReadAsync([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Csv.File(Csv.Line("1", "10001")))]);

        day.Orders.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_are_read_as_latin1()
    {
        var day = await Csv.ReadAsync(Encoding.Latin1.GetBytes(Csv.File(Csv.Line("1", "10001", description: "CAFÉ £5"), Csv.Line("2", "10002"))));

        day.Orders.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_without_a_last_line_end_loses_nothing()
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("1", "10001"), Csv.Line("2", "10002")).TrimEnd('\n'));

        day.Orders.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Quoted_fields_may_hold_commas_quotes_and_line_breaks()
    {
        var day = await Csv.ReadAsync(Csv.File(
            Csv.Line("1", "10001", description: "\"A, B\""),
            Csv.Line("2", "10002", description: "\"SAYS \"\"HI\"\"\""),
            Csv.Line("3", "10003", description: "\"TWO\nLINES\""),
            Csv.Line("4", "10004", quantity: "0")));

        day.Orders.Count.ShouldBe(3);
        day.RejectedLines.ShouldHaveSingleItem().Line.ShouldBe(6);
    }

    [Fact]
    public async Task An_inch_sign_in_a_description_is_text()
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("1", "10001", description: "RULER 12\" LONG"), Csv.Line("2", "10002")));

        day.Orders.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_quote_that_is_never_closed_costs_its_own_line_only()
    {
        var day = await Csv.ReadAsync(Csv.File(
            Csv.Line("1", "10001", description: "\"LANTERN"), Csv.Line("2", "10002"), Csv.Line("3", "10003", description: "\"LANTERN"), Csv.Line("4", "10004")));

        day.Orders.Select(order => order.Invoice).ShouldBe(["2", "4"]);
        day.RejectedLines.Select(line => (line.Line, line.Reason)).ShouldBe([(2, RejectionReasons.BrokenRow), (4, RejectionReasons.BrokenRow)]);
    }

    [Fact]
    public async Task Two_neighbours_with_open_quotes_are_two_broken_lines_and_not_one_record()
    {
        var day = await Csv.ReadAsync(Csv.File(
            Csv.Line("1", "10001", description: "\"LANTERN"), Csv.Line("2", "10002", description: "\"LANTERN"), Csv.Line("3", "10003")));

        day.Orders.Select(order => order.Invoice).ShouldBe(["3"]);
        day.RejectedLines.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_good_line_with_an_inch_sign_is_not_swallowed_by_an_open_quote_before_it()
    {
        var day = await Csv.ReadAsync(Csv.File(Csv.Line("1", "10001", description: "\"LANTERN"), Csv.Line("2", "10002", description: "RULER 12\"")));

        day.Orders.ShouldHaveSingleItem().Invoice.ShouldBe("2");
    }

    [Fact]
    public async Task Columns_are_found_by_name_in_any_order()
    {
        var day = await Csv.ReadAsync("Country,Customer ID,Price,extra,Quantity,stock_code,Invoice\nUK,17850,2.5,x,3,10001,536365\n");

        var order = day.Orders.ShouldHaveSingleItem();
        (order.Invoice, order.CustomerId, order.Total).ShouldBe(("536365", "17850", 7.5m));
    }

    [Fact]
    public async Task Blank_lines_are_skipped_and_counted_in_line_numbers()
    {
        var day = await Csv.ReadAsync($"\n{Csv.Header}\n\n  \n{Csv.Line("1", "10001", quantity: "x")}\n");

        day.RejectedLines.ShouldHaveSingleItem().Line.ShouldBe(5);
    }

    [Fact]
    public async Task A_line_longer_than_the_reader_keeps_is_rejected_and_the_next_one_read()
    {
        var day = await Csv.ReadAsync(Csv.File(
            Csv.Line("1", "10001", description: new string('x', PhysicalLineReader.MaxLineBytes)), Csv.Line("2", "10002")));

        day.Orders.ShouldHaveSingleItem().Invoice.ShouldBe("2");
        day.RejectedLines.ShouldHaveSingleItem().Reason.ShouldBe(RejectionReasons.BrokenRow);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\n\n", "empty")]
    [InlineData(Csv.Header, "no rows")]
    [InlineData("InvoiceNo,Quantity,UnitPrice\n1,2,3\n", "StockCode, CustomerID")]
    [InlineData("InvoiceNo,InvoiceNo,StockCode,Quantity,UnitPrice,CustomerID\n", "2 times")]
    [InlineData("\"InvoiceNo,StockCode\n", "no CSV header")]
    [InlineData("{\"a\": 1}\n", "lacks the columns")]
    [InlineData("PK\0\0\n", "no CSV header")]
    public async Task A_file_that_is_no_retail_csv_is_refused_in_one_sentence(string text, string part)
    {
        var error = await Should.ThrowAsync<RetailFileException>(() => Csv.ReadAsync(text));

        error.Message.ShouldContain(part);
        error.Message.ShouldNotContain("\n");
    }

    [Fact]
    public async Task A_utf16_file_is_refused_with_what_to_do()
    {
        var bytes = Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(Csv.File())).ToArray();

        (await Should.ThrowAsync<RetailFileException>(() => Csv.ReadAsync(bytes))).Message.ShouldContain("save it as UTF-8");
    }

    [Fact]
    public async Task A_missing_file_and_a_directory_are_refused()
    {
        using var file = new TempFile();

        (await Should.ThrowAsync<RetailFileException>(() => RetailFile.ReadAsync(file.Path, TestContext.Current.CancellationToken))).Message.ShouldContain("no such file");
        (await Should.ThrowAsync<RetailFileException>(() => RetailFile.ReadAsync(file.Folder, TestContext.Current.CancellationToken))).Message.ShouldContain("directory");
    }
}
