using System.Text.Json;
using Tools.Tests.FakeShop;

namespace Tools.Tests.Scenarios;

/// <summary>The whole tool against the fake shop: a right one balances, each wrong one is found out.</summary>
public sealed class FileReplayTests
{
    private static readonly string Day = Csv.File(
        Csv.Line("1", "10001", "6", "2.55"),
        Csv.Line("1", "10002", "0.5", "3.3333"),
        Csv.Line("2", "10001", "2", "2.55", ""),
        Csv.Line("3", "10003", "1", "9.99", "12345"),
        Csv.Line("3", "POST", "1", "18.00", "12345"),
        Csv.Line("C4", "10003", "-1", "9.99", "12345"),
        Csv.Line("5", "10003", "4", "9.99"),
        Csv.Line("6", "10004", "1", "0.0"));

    [Fact]
    public async Task A_right_shop_balances()
    {
        var run = await ReplayAsync(new ShopFaults());

        run.ExitCode.ShouldBe(0, run.Out);
        run.Summary.GetProperty("balanced").GetBoolean().ShouldBeTrue();
        (run.Number("orders"), run.Number("confirmed"), run.Number("cancelled"), run.Number("rejectedLines"), run.Number("rejectedOrders")).ShouldBe((4, 3, 1, 2, 1));
        run.Summary.GetProperty("cancelledByCode").GetProperty(ProblemCodes.CancelledByCustomer).GetInt32().ShouldBe(1);
        run.Summary.GetProperty("cancellations").GetProperty("accepted").GetInt32().ShouldBe(1);
        run.Summary.GetProperty("moneyKept").GetDecimal().ShouldBe(62.02665m);
        run.Summary.GetProperty("latencyMs").GetProperty("max").GetDouble().ShouldBeGreaterThan(0);
        run.Summary.GetProperty("violations").GetArrayLength().ShouldBe(0);
        run.Number("repeated").ShouldBe(4);
    }

    [Fact]
    public async Task A_second_replay_against_the_same_shop_balances_too()
    {
        await using var shop = await ShopOnLoopback.StartAsync();
        using var file = new TempFile(Day);

        (await RunAsync(file, shop)).ExitCode.ShouldBe(0);
        var second = await RunAsync(file, shop);

        second.ExitCode.ShouldBe(0, second.Out);
        shop.State.OrderCount.ShouldBe(8);
        shop.State.GetStock("10001")!.Reserved.ShouldBe(16);
    }

    [Fact]
    public async Task Several_passes_are_several_days_of_orders()
    {
        await using var shop = await ShopOnLoopback.StartAsync();
        using var file = new TempFile(Day);

        var run = await RunAsync(file, shop, "--repeat", "3");

        run.ExitCode.ShouldBe(0, run.Out);
        (run.Number("orders"), run.Number("cancelled")).ShouldBe((12, 3));
        shop.State.GetStock("10001")!.ShouldBe(new StockView("10001", 0, 24));
    }

    [Fact]
    public async Task A_limit_sends_the_first_orders_only()
    {
        var run = await ReplayAsync(new ShopFaults(), "--limit", "2");

        run.ExitCode.ShouldBe(0, run.Out);
        run.Number("orders").ShouldBe(2);
        run.Summary.GetProperty("cancellations").GetProperty("requested").GetInt32().ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(WrongShops))]
    public async Task Every_wrong_shop_is_found_out(string name, string rule)
    {
        // One at a time: the fault hits the first order that arrives, and that must not be the one that is cancelled later.
        var run = await ReplayAsync(Wrong[name].Faults, "--concurrency", "1");

        run.ExitCode.ShouldBe(1, run.Out);
        run.Summary.GetProperty("balanced").GetBoolean().ShouldBeFalse();
        run.BrokenRules.ShouldContain(rule, run.Out);
        run.Out.ShouldContain($"VIOLATION {rule}");
    }

    public static TheoryData<string, string> WrongShops() => [.. Wrong.Select(shop => (shop.Key, shop.Value.Rule))];

    private static readonly Dictionary<string, (ShopFaults Faults, string Rule)> Wrong = new()
    {
        ["charges twice"] = (new() { DoubleCharges = 1 }, Rules.ConfirmedPaid),
        ["charges twice, in the sum"] = (new() { DoubleCharges = 1 }, Rules.MoneySum),
        ["does not charge"] = (new() { UnpaidOrders = 1 }, Rules.ConfirmedPaid),
        ["loses holds"] = (new() { LostHolds = 1 }, Rules.StockSold),
        ["reserves twice"] = (new() { DoubleReservations = 1, Oversells = true }, Rules.StockSold),
        ["leaves an order stuck"] = (new() { StuckOrders = 1 }, Rules.Terminal),
        ["adds a penny"] = (new() { WrongTotals = 1 }, Rules.AsSent),
        ["adds a penny and charges it"] = (new() { WrongTotals = 1 }, Rules.ConfirmedPaid),
        ["loses a line"] = (new() { LostLines = 1 }, Rules.AsSent),
        ["mixes up customers"] = (new() { WrongCustomers = 1 }, Rules.AsSent),
        ["ignores keys"] = (new() { IgnoresKeys = true, Oversells = true }, Rules.Repeatable),
        ["charges repeats"] = (new() { ChargesRepeats = true }, Rules.Repeatable),
        ["reserves repeats"] = (new() { ReservesRepeats = true, Oversells = true }, Rules.Repeatable),
        ["changes its answer"] = (new() { ChangesAnswers = true }, Rules.Repeatable),
        ["gives one id to two"] = (new() { SharedIds = 1 }, Rules.UniqueId),
        ["never takes an order"] = (new() { NeverTakesOrders = true }, Rules.Answered),
        ["refuses a right order"] = (new() { Refused = 1 }, Rules.Taken),
        ["is sold out too early"] = (new() { Cancelled = (1, ProblemCodes.OutOfStock) }, Rules.StockSufficed),
        ["keeps money of cancelled orders"] = (new() { KeepsMoneyOfCancelled = true }, Rules.CancelledUnpaid),
        ["keeps stock of cancelled orders"] = (new() { KeepsStockOfCancelled = true }, Rules.StockSold),
        ["forgets cancellations"] = (new() { ForgetsCancellations = true }, Rules.CancelDone),
        ["refuses cancellations"] = (new() { RefusesCancellations = true }, Rules.CancelDone),
        ["forgets payments"] = (new() { ForgetsPayments = true }, Rules.ConfirmedPaid),
        ["garbles payments"] = (new() { GarblesPayments = true }, Rules.Readable),
        ["writes numbers as text"] = (new() { WritesNumbersAsText = true }, Rules.Answered),
        ["cannot set stock"] = (new() { RefusesStock = true }, Rules.Seeding),
    };

    [Theory]
    [MemberData(nameof(ShakyShops))]
    public async Task A_shop_that_is_slow_or_briefly_away_still_balances(string name)
    {
        var run = await ReplayAsync(Shaky[name]);

        run.ExitCode.ShouldBe(0, run.Out);
    }

    public static TheoryData<string> ShakyShops() => [.. Shaky.Keys];

    private static readonly Dictionary<string, ShopFaults> Shaky = new()
    {
        ["answers 202"] = new() { SlowOrders = 4 },
        ["answers 503 at first"] = new() { Unavailable = 3 },
        ["answers 429 at first"] = new() { RateLimited = 3 },
        ["loses replies"] = new() { LostReplies = 3 },
        ["declines a card"] = new() { Cancelled = (2, ProblemCodes.CardDeclined) },
    };

    [Fact]
    public async Task Retries_are_counted_by_cause()
    {
        var run = await ReplayAsync(new ShopFaults { LostReplies = 2 }, "--concurrency", "1");

        run.Number("retries").ShouldBe(2);
        run.Summary.GetProperty("retriesByCause").GetProperty("connection").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task A_run_id_that_was_used_before_is_found_out_and_orders_nothing_again()
    {
        await using var shop = await ShopOnLoopback.StartAsync();
        using var file = new TempFile(Day);
        (await RunAsync(file, shop, "--run-id", "same")).ExitCode.ShouldBe(0);

        var again = await RunAsync(file, shop, "--run-id", "same");

        again.ExitCode.ShouldBe(1);
        shop.State.OrderCount.ShouldBe(4);
    }

    [Fact]
    public async Task Something_that_is_not_the_shop_is_refused_before_seeding()
    {
        var run = await ReplayAsync(new ShopFaults { IsSomethingElse = true });

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("not as the shop's gateway does");
    }

    [Fact]
    public async Task An_interruption_prints_what_is_known_and_exits_with_130()
    {
        using var interruption = new CancellationTokenSource();
        await using var shop = await ShopOnLoopback.StartAsync(new ShopFaults { Gate = new TaskCompletionSource().Task, OnOrder = interruption.Cancel });
        using var file = new TempFile(Day);

        var run = await ReplayRun.OfAsync(interruption.Token, file.Path, "--gateway", shop.Url, "--rate", "0");

        run.ExitCode.ShouldBe(130);
        run.Summary.GetProperty("interrupted").GetBoolean().ShouldBeTrue();
        run.Summary.GetProperty("balanced").GetBoolean().ShouldBeFalse();
        run.Number("confirmed").ShouldBe(0);
    }

    [Fact]
    public async Task The_report_has_everything()
    {
        await using var shop = await ShopOnLoopback.StartAsync(new ShopFaults { DoubleCharges = 4 });
        using var file = new TempFile(Day);
        var path = Path.Combine(file.Folder, "report.json");

        await RunAsync(file, shop, "--report", path, "--show", "0");

        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        report.RootElement.GetProperty("orders").GetArrayLength().ShouldBe(4);
        report.RootElement.GetProperty("rejectedLines").GetArrayLength().ShouldBe(2);
        report.RootElement.GetProperty("violations").GetArrayLength().ShouldBe(4);
        Directory.GetFiles(file.Folder).Length.ShouldBe(2);
    }

    [Fact]
    public async Task The_last_line_is_one_line_of_json_and_progress_goes_elsewhere()
    {
        var run = await ReplayAsync(new ShopFaults());

        run.Out.ShouldEndWith("}\n");
        run.Summary.ValueKind.ShouldBe(JsonValueKind.Object);
        run.Out.ShouldNotContain("Sending orders");
        run.Error.ShouldContain("Sending orders: done (5 of 5)");
        run.Error.ShouldContain("Sending a sample again: done (4 of 4)");
    }

    [Fact]
    public async Task Orders_are_sent_with_the_chosen_token_currency_and_their_own_keys()
    {
        await using var shop = await ShopOnLoopback.StartAsync();
        using var file = new TempFile(Day);

        await RunAsync(file, shop);

        shop.State.Orders.Select(order => order.Currency).Distinct().ShouldBe(["GBP"]);
        shop.State.Orders.Select(order => order.CustomerId).Order().ShouldBe(["12345", "17850", "17850", "guest"]);
    }

    private static async Task<ReplayRun> ReplayAsync(ShopFaults faults, params string[] options)
    {
        await using var shop = await ShopOnLoopback.StartAsync(faults);
        using var file = new TempFile(Day);
        return await RunAsync(file, shop, options);
    }

    private static Task<ReplayRun> RunAsync(TempFile file, ShopOnLoopback shop, params string[] options) =>
        ReplayRun.OfAsync([file.Path, "--gateway", shop.Url, "--rate", "0", "--settle", "0.3", "--retries", "4", .. options]);
}
