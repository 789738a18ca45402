using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>Orders by the day through the real shop; the books must balance, also while services die.</summary>
public sealed class ReplayTests(RunningShop shop)
{
    //#if (replayData)
    [Fact(Timeout = 180_000)]
    public async Task A_day_of_real_orders_balances_and_balances_again()
    {
        var day = Path.Combine(AppHostProcess.Root, "data", "online-retail", "2010-12-01.csv");
        for (var run = 0; run < 2; run++)
        {
            var (exitCode, summary) = await ReplayAsync(TestContext.Current.CancellationToken, day, "--rate", "0", "--concurrency", "16");
            exitCode.ShouldBe(0, summary.ToString());
            summary.GetProperty("confirmed").GetInt32().ShouldBeGreaterThan(100);
        }
    }

    //#endif
    [Fact(Timeout = 180_000)]
    public async Task Of_many_buyers_of_few_pieces_exactly_as_many_are_confirmed_as_there_are_pieces()
    {
        var (exitCode, summary) = await ReplayAsync(TestContext.Current.CancellationToken, "--buyers", "300", "--stock", "10");
        exitCode.ShouldBe(0, summary.ToString());
        summary.GetProperty("confirmed").GetInt32().ShouldBe(10);
    }

    [Theory(Timeout = 180_000)]
    [InlineData("orders-1")]
    [InlineData("orders-2")]
    [InlineData("payments-1")]
    [InlineData("inventory-1")]
    public async Task The_books_balance_when_a_service_is_killed_in_the_middle(string instance)
    {
        var orders = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv");
        await File.WriteAllLinesAsync(orders, Day(orders: 200), TestContext.Current.CancellationToken);
        var victim = shop.CurrentProcessId(instance)!.Value;

        var before = await shop.ConfirmedOrdersAsync(TestContext.Current.CancellationToken);
        var replay = ReplayAsync(TestContext.Current.CancellationToken, orders, "--rate", "60", "--concurrency", "16", "--settle", "60");
        await Eventually.Async(async () => await shop.ConfirmedOrdersAsync(TestContext.Current.CancellationToken) > before + 20 || replay.IsCompleted, TestContext.Current.CancellationToken);
        using (var process = Process.GetProcessById(victim))
        {
            process.Kill();
        }

        var (exitCode, summary) = await replay;
        exitCode.ShouldBe(0, summary.ToString());
        File.Delete(orders);
        await Eventually.Async(() => Task.FromResult(shop.CurrentProcessId(instance) is { } now && now != victim), TestContext.Current.CancellationToken);
    }

    /// <summary>Orders that nobody has seen: many lines, some of them of the same few skus, so that orders compete.</summary>
    private static IEnumerable<string> Day(int orders)
    {
        var random = new Random(Environment.ProcessId);
        yield return "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
        for (var order = 0; order < orders; order++)
        {
            for (var line = 0; line < 1 + random.Next(12); line++)
            {
                var sku = random.Next(5) == 0 ? 90_001 : 20_000 + random.Next(400);
                yield return string.Create(CultureInfo.InvariantCulture, $"{600_000 + order},{sku},THING,{1 + random.Next(9)},2011-01-04 10:00:00,{1 + random.Next(900)}.{random.Next(10, 99)},{12_000 + order},United Kingdom");
            }
        }
    }

    private async Task<(int ExitCode, JsonElement Summary)> ReplayAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exitCode = await ReplayCommand.RunAsync(
            [.. arguments, "--gateway", shop.Address("gateway")], new ReplayConsole(output, error, ErrorIsTerminal: false), TimeProvider.System, cancellationToken);
        var lines = output.ToString().TrimEnd().Split('\n');
        return (exitCode, JsonDocument.Parse(lines[^1]).RootElement);
    }
}
