using Replay.Load;
using Replay.Reporting;

namespace Replay.Books;

/// <summary>Reads the shop's books after a run and finds every rule that does not hold.</summary>
internal sealed class BooksCheck(LedgerReader reader, RepeatCheck repeats)
{
    /// <summary>Checks all rules for a run that is over.</summary>
    public async Task<BooksResult> CheckAsync(
        Plan plan, LoadRun run, IReadOnlyDictionary<string, StockView> before, DateTimeOffset runStart, IProgressBoard progress, CancellationToken cancellationToken)
    {
        var skus = before.Keys.ToArray();
        Ledger ledger;
        using (var stage = progress.Begin("Checking the books", run.Orders.Count(order => order.Id is not null) + skus.Length))
        {
            ledger = await reader.ReadAsync(run.Orders, skus, stage, cancellationToken);
        }

        var (repeated, afterRepeats) = await repeats.CheckAsync(ledger, progress, cancellationToken);
        var inDoubt = StockRules.InDoubt(run.Orders);
        return new BooksResult(
            [.. Judge(plan, run, before, ledger, inDoubt, runStart), .. afterRepeats],
            MoneyRules.Kept(ledger.Entries),
            MoneyRules.Sold(ledger.Entries),
            inDoubt.Count,
            repeated);
    }

    private static IEnumerable<Violation> Judge(
        Plan plan, LoadRun run, IReadOnlyDictionary<string, StockView> before, Ledger ledger, IReadOnlySet<string> inDoubt, DateTimeOffset runStart) =>
    [
        .. OrderRules.JudgeAnswers(run.Orders, plan.StockSuffices),
        .. OrderRules.JudgeIds(run.Orders),
        .. OrderRules.JudgeStored(ledger.Entries, runStart),
        .. OrderRules.JudgeCancellations(run.Cancellations, run.Orders.ToDictionary(order => order.Order.Key, StringComparer.Ordinal)),
        .. MoneyRules.Judge(ledger.Entries),
        .. StockRules.Judge(before, ledger, inDoubt),
    ];
}

/// <summary>What the check found: broken rules, money kept and money sold, skus that could not be judged, orders sent again.</summary>
internal sealed record BooksResult(IReadOnlyList<Violation> Violations, decimal MoneyKept, decimal MoneySold, int SkusInDoubt, int Repeated);
