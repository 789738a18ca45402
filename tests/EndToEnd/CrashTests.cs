using System.Globalization;
using System.Text.Json;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>The tool's own shop: started, hit, checked, and gone afterwards.</summary>
public sealed class CrashTests
{
    [Fact(Timeout = 300_000)]
    public async Task Orders_survive_five_kills_and_nothing_is_left_of_the_shop()
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv");
        await File.WriteAllLinesAsync(file, Day(orders: 40), TestContext.Current.CancellationToken);
        var before = Children();

        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exitCode = await ReplayCommand.RunAsync(
            [file, "--start-shop", .. NoBuild(), "--kills", "5", "--seed", "3", "--rate", "4", "--settle", "120"],
            new ReplayConsole(output, error, ErrorIsTerminal: false),
            TimeProvider.System,
            TestContext.Current.CancellationToken);

        exitCode.ShouldBe(0, $"{output}\n{error}");
        var summary = JsonDocument.Parse(output.ToString().TrimEnd().Split('\n')[^1]).RootElement;
        summary.GetProperty("balanced").GetBoolean().ShouldBeTrue();
        summary.GetProperty("orders").GetInt32().ShouldBe(240, "the day is repeated until the faults have room");
        summary.GetProperty("shop").GetProperty("outboxPending").GetInt32().ShouldBe(0);
        summary.GetProperty("faults").ShouldSatisfyAllConditions(
            faults => faults.GetProperty("seed").GetInt32().ShouldBe(3),
            faults => faults.GetProperty("done").GetInt32().ShouldBe(8),
            faults => faults.GetProperty("kills").GetInt32().ShouldBe(5),
            faults => faults.GetProperty("pauses").GetInt32().ShouldBe(3));
        Children().Except(before).ShouldBeEmpty();
        File.Delete(file);
    }

    /// <summary>What was built with the tests is run, where that is the embedded mode.</summary>
    private static string[] NoBuild() =>
        Directory.Exists(Path.Combine(AppHostProcess.Root, "AppHost", "bin", "embedded")) ? ["--no-build"] : [];

    private static int[] Children() => [.. ProcessTree.Descendants(Environment.ProcessId).Where(child => child.Parent == Environment.ProcessId).Select(child => child.Id)];

    /// <summary>Orders of three lines, some of them of the same skus, so that they compete.</summary>
    private static IEnumerable<string> Day(int orders)
    {
        yield return "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
        for (var order = 0; order < orders; order++)
        {
            for (var line = 0; line < 3; line++)
            {
                var sku = 30_000 + (((order * 7) + (line * 13)) % 40);
                yield return string.Create(CultureInfo.InvariantCulture, $"{700_000 + order},{sku},THING,{1 + (order % 5)},2011-01-04 10:00:00,{1 + line}.25,{12_000 + order},United Kingdom");
            }
        }
    }
}
