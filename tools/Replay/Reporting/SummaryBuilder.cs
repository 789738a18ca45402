using Replay.Books;
using Replay.Load;
using Replay.OnlineRetail;
using Replay.Shop;

namespace Replay.Reporting;

/// <summary>Sums up a run, whole or interrupted.</summary>
internal static class SummaryBuilder
{
    private const string NoCode = "NONE";

    /// <summary>Sums up. <paramref name="books"/> is null when the run ended before they were checked.</summary>
    public static Summary Build(
        string runId, RetailSource? source, LoadRun? run, CallCounts calls, BooksResult? books, IReadOnlyList<Violation> violations, bool interrupted, int skus)
    {
        var orders = run?.Orders ?? [];
        var seconds = run?.Duration.TotalSeconds ?? 0;
        var everConfirmed = orders.Count(order => order.ConfirmedAt is not null);
        var confirmed = orders.Count(order => order.Status == OrderStatus.Confirmed);
        var cancelled = orders.Where(order => order.Status == OrderStatus.Cancelled).ToArray();
        var rejectedLines = source?.Day.RejectedLines ?? [];
        return new Summary(
            Balanced: !interrupted && books is not null && violations.Count == 0,
            Interrupted: interrupted,
            RunId: runId,
            Orders: orders.Count,
            Confirmed: confirmed,
            Cancelled: cancelled.Length,
            CancelledByCode: Count(cancelled, order => order.FailureCode ?? NoCode),
            Unfinished: orders.Count - confirmed - cancelled.Length,
            Late: orders.Count(order => order.IsLate),
            AcceptedForLater: orders.Count(order => order.Answer?.Status == 202),
            Cancellations: Count(run?.Cancellations ?? [], source),
            RejectedOrders: source?.Day.RejectedInvoices.Count(invoice => !invoice.IsCancellation) ?? 0,
            RejectedLines: rejectedLines.Count,
            RejectedLinesByReason: Count(rejectedLines, line => line.Reason),
            Retries: calls.Retries.Values.Sum(),
            RetriesByCause: calls.Retries,
            DurationSeconds: Math.Round(seconds, 3),
            OrdersPerSecond: seconds > 0 ? Math.Round(everConfirmed / seconds, 2) : 0,
            LatencyMs: LatencySummary.Of(orders.Select(order => order.Latency).OfType<TimeSpan>()),
            ServiceTimeMs: LatencySummary.Of(orders.Select(order => order.ServiceTime).OfType<TimeSpan>()),
            LongestToEndMs: run?.LongestToEnd.Milliseconds() ?? 0,
            MoneyKept: books?.MoneyKept ?? 0,
            MoneySold: books?.MoneySold ?? 0,
            SkusChecked: books is null ? 0 : skus - books.SkusInDoubt,
            SkusInDoubt: books?.SkusInDoubt ?? 0,
            Repeated: books?.Repeated ?? 0,
            ViolationCount: violations.Count,
            Violations: [.. violations.Take(Summary.MaxListedViolations)]);
    }

    private static CancellationCounts Count(IReadOnlyList<CancellationRun> cancellations, RetailSource? source) => new(
        cancellations.Count,
        cancellations.Count(cancellation => cancellation.Accepted),
        cancellations.Count(cancellation => cancellation.Failed),
        source?.Matches.Sum(match => match.Unmatched.Count) ?? 0);

    private static SortedDictionary<string, int> Count<T>(IEnumerable<T> items, Func<T, string> key) =>
        new(items.CountBy(key).ToDictionary(), StringComparer.Ordinal);
}
