using System.Globalization;
using System.Text;
using CsCheck;

namespace Tools.Tests.OnlineRetail;

public sealed class RetailFilePropertyTests
{
    private static readonly Gen<string> Description = Gen.String[Gen.Char["ABC ,\"'\né£;0"], 0, 12];

    private static readonly Gen<SampleLine> Line = Gen.Select(
        Gen.Int[1, 30], Gen.Int[10000, 10050], Gen.Int[1, 5000], Gen.Int[1, 100_000], Description,
        (invoice, sku, quantity, price, description) => new SampleLine($"{invoice}", $"{sku}X", quantity / 10m, price / 1000m, description));

    [Fact]
    public Task A_generated_file_is_read_back_whole() =>
        Line.List[1, 60].SampleAsync(async lines =>
        {
            var day = await Csv.ReadAsync(Csv.File(lines.Select(line => line.Text)));
            day.RejectedLines.ShouldBeEmpty();
            var expected = lines.GroupBy(line => line.Invoice).Select(invoice => (invoice.Key, invoice.Sum(line => line.Quantity * line.Price)));
            day.Orders.Select(order => (order.Invoice, order.Total)).ShouldBe(expected);
        }, iter: 300);

    [Fact]
    public Task Broken_lines_among_good_ones_never_cost_a_good_one() =>
        Gen.Select(Gen.Select(Line.Where(line => !line.Description.Contains('\n')), Gen.Int[0, 5]).List[1, 40], Gen.Int[1, 60]).SampleAsync(async (lines, _) =>
        {
            var day = await Csv.ReadAsync(Csv.File(lines.Select(line => Break(line.Item1.Text, line.Item2))));
            var good = lines.Where(line => line.Item2 >= 4).ToArray();
            day.Orders.Sum(order => order.Lines.Count).ShouldBe(good.Length);
            day.RejectedLines.Count.ShouldBe(lines.Count - good.Length);
        }, iter: 300);

    [Fact]
    public Task Random_bytes_in_a_file_never_throw_anything_but_a_clear_refusal() =>
        Gen.Select(Line.List[1, 20], Gen.Select(Gen.Int[0, 5000], Gen.Byte).List[1, 20]).SampleAsync(async (lines, damage) =>
        {
            var bytes = Encoding.UTF8.GetBytes(Csv.File(lines.Select(line => line.Text)));
            foreach (var (position, value) in damage)
            {
                bytes[position % bytes.Length] = value;
            }

            try
            {
                var day = await Csv.ReadAsync(bytes);
                (day.Orders.Sum(order => order.Lines.Count) + day.Cancellations.Sum(invoice => invoice.Lines.Count) + day.RejectedLines.Count).ShouldBe(day.RowCount);
            }
            catch (RetailFileException refusal)
            {
                refusal.Message.ShouldNotBeEmpty();
            }
        }, iter: 500);

    [Fact]
    public Task Two_readings_of_a_file_are_the_same() =>
        Line.List[1, 20].SampleAsync(async lines =>
        {
            var text = Csv.File(lines.Select(line => line.Text));
            var first = await Csv.ReadAsync(text);
            var second = await Csv.ReadAsync(text.Replace("\n", "\r\n", StringComparison.Ordinal));
            first.Orders.Select(order => (order.Invoice, order.Total)).ShouldBe(second.Orders.Select(order => (order.Invoice, order.Total)));
        }, iter: 100);

    private static string Break(string line, int how) => how switch
    {
        0 => $"\"{line}",
        1 => line[..line.LastIndexOf(',')] + ",\"United Kingdom",
        2 => line + ",one,two",
        3 => "garbage",
        _ => line,
    };

    private sealed record SampleLine(string Invoice, string Sku, decimal Quantity, decimal Price, string Description)
    {
        public string Text => Csv.Line(
            Invoice,
            Sku,
            Quantity.ToString(CultureInfo.InvariantCulture),
            Price.ToString(CultureInfo.InvariantCulture),
            description: $"\"{Description.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
    }
}
