using Tools.Tests.FakeShop;

namespace Tools.Tests.Scenarios;

public sealed class SoldOutSaleTests
{
    [Theory]
    [InlineData(100, 10, 10)]
    [InlineData(5, 0, 0)]
    [InlineData(3, 7, 3)]
    public async Task Exactly_as_many_buyers_as_there_are_pieces_are_confirmed(int buyers, int stock, int confirmed)
    {
        var run = await SellAsync(new ShopFaults(), buyers, stock);

        run.ExitCode.ShouldBe(0, run.Out);
        run.Number("confirmed").ShouldBe(confirmed);
        run.Number("cancelled").ShouldBe(buyers - confirmed);
    }

    [Fact]
    public async Task A_shop_that_oversells_is_found_out()
    {
        var run = await SellAsync(new ShopFaults { Oversells = true }, 20, 5);

        run.ExitCode.ShouldBe(1);
        run.BrokenRules.ShouldContain(Rules.ExactSale);
        run.Out.ShouldContain("20 of 20 buyers are confirmed, exactly 5 have to be");
    }

    [Fact]
    public async Task A_shop_that_turns_buyers_away_for_another_reason_is_found_out()
    {
        var run = await SellAsync(new ShopFaults { Cancelled = (3, ProblemCodes.PaymentUnavailable) }, 20, 5);

        run.ExitCode.ShouldBe(1);
        run.BrokenRules.ShouldContain(Rules.ExactSale);
    }

    [Fact]
    public async Task Answers_for_later_are_waited_for()
    {
        (await SellAsync(new ShopFaults { SlowOrders = 10 }, 20, 5)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task All_buyers_come_at_once()
    {
        var gate = new TaskCompletionSource();
        var waiting = 0;
        var faults = new ShopFaults
        {
            Gate = gate.Task,
            OnOrder = () =>
            {
                // Opens when the last buyer is there: fewer at a time would never get through.
                if (Interlocked.Increment(ref waiting) == 50)
                {
                    gate.SetResult();
                }
            },
        };

        (await SellAsync(faults, 50, 5)).ExitCode.ShouldBe(0);
    }

    private static async Task<ReplayRun> SellAsync(ShopFaults faults, int buyers, int stock)
    {
        await using var shop = await ShopOnLoopback.StartAsync(faults);
        return await ReplayRun.OfAsync("--buyers", $"{buyers}", "--stock", $"{stock}", "--gateway", shop.Url, "--retries", "4");
    }
}
