using CsCheck;

namespace Resilience.Tests.Budgeting;

public sealed class RetryBudgetTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Slice = Window / 10;

    private readonly VirtualClock _clock = new();

    [Fact]
    public void Low_traffic_has_the_floor()
    {
        var budget = Budget(0.1, 3);
        Withdraw(budget, 10).ShouldBe(3);
        budget.Refusals.ShouldBe(7);
        budget.Sample.ShouldBe((0, 3));
    }

    [Fact]
    public void Much_traffic_has_its_share()
    {
        var budget = Budget(0.1, 3);
        Deposit(budget, 1000);
        Withdraw(budget, 500).ShouldBe(100);
        budget.Refusals.ShouldBe(400);
    }

    [Fact]
    public void Nothing_is_allowed_where_ratio_and_floor_are_zero()
    {
        var budget = Budget(0, 0);
        Deposit(budget, 1000);
        Withdraw(budget, 10).ShouldBe(0);
    }

    [Fact]
    public void What_is_older_than_the_window_neither_pays_nor_costs()
    {
        var budget = Budget(0.1, 3);
        Deposit(budget, 100);
        Withdraw(budget, 20).ShouldBe(10);

        _clock.Advance(Window);
        budget.Sample.ShouldBe((0, 0));
        Withdraw(budget, 20).ShouldBe(3);
    }

    [Fact]
    public void In_any_window_retries_are_at_most_floor_or_share() =>
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 5], Gen.Select(Gen.Int[0, 9], Gen.Int[1, 30]).Array[1, 100]).Sample((ratio, floor, steps) =>
        {
            var clock = new VirtualClock();
            var budget = new RetryBudget(new RetryBudgetPolicy { Ratio = ratio, Floor = floor, Window = Window }, clock);
            List<TimeSpan> requests = [], retries = [];
            long refused = 0;
            foreach (var (step, amount) in steps)
            {
                for (var i = 0; step < 4 && i < amount; i++)
                {
                    budget.Deposit(clock.GetTimestamp());
                    requests.Add(clock.Elapsed);
                }

                for (var i = 0; step is >= 4 and < 8 && i < amount; i++)
                {
                    refused += Withdrawn(budget, ratio, floor, clock, requests, retries) ? 0 : 1;
                }

                clock.Advance(step < 8 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(amount * 111));
            }

            budget.Refusals.ShouldBe(refused);
        });

    [Fact]
    public void Threads_that_race_get_together_what_one_would_get()
    {
        const int Threads = 16, Rounds = 50;
        var granted = 0;
        var budget = Budget(0.1, 3);
        var sums = new List<int>();
        using var together = new Barrier(Threads, _ => sums.Add(granted));
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                Deposit(budget, 10);
                Interlocked.Add(ref granted, Withdraw(budget, 5));
                together.SignalAndWait();
                Interlocked.Add(ref granted, Withdraw(budget, 5));
                together.SignalAndWait();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        // Every round adds 160 requests, which are 16 retries.
        sums.ShouldAllBe(sum => sum <= Rounds * 16);
        sums.Where((_, phase) => phase % 2 == 1).ShouldBe(Enumerable.Range(1, Rounds).Select(round => round * 16));
        budget.Refusals.ShouldBe((Threads * Rounds * 10) - (Rounds * 16));
    }

    /// <summary>Asks, and compares with a list of everything that happened: the budget's window is exact but for one slice.</summary>
    private static bool Withdrawn(RetryBudget budget, double ratio, int floor, VirtualClock clock, List<TimeSpan> requests, List<TimeSpan> retries)
    {
        var (leastRequests, mostRequests) = Counted(requests);
        var (leastRetries, mostRetries) = Counted(retries);
        if (!budget.TryWithdraw(clock.GetTimestamp()))
        {
            (mostRetries + 1.0).ShouldBeGreaterThan(Math.Max(floor, ratio * leastRequests));
            return false;
        }

        (leastRetries + 1.0).ShouldBeLessThanOrEqualTo(Math.Max(floor, ratio * mostRequests));
        retries.Add(clock.Elapsed);
        return true;

        (int Least, int Most) Counted(List<TimeSpan> all) =>
            (all.Count(at => clock.Elapsed - at < Window - Slice), all.Count(at => clock.Elapsed - at < Window));
    }

    private RetryBudget Budget(double ratio, int floor) => new(new RetryBudgetPolicy { Ratio = ratio, Floor = floor, Window = Window }, _clock);

    private void Deposit(RetryBudget budget, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            budget.Deposit(_clock.GetTimestamp());
        }
    }

    private int Withdraw(RetryBudget budget, int retries) => Enumerable.Range(0, retries).Count(_ => budget.TryWithdraw(_clock.GetTimestamp()));
}
