using Replay.Books;
using Replay.Drills;
using Replay.Load;

namespace Replay.Reporting;

/// <summary>
/// The result of a run, as the last line of output has it in JSON. Times are milliseconds; <paramref name="Orders"/> counts the orders that were
/// sent; <paramref name="Confirmed"/> and <paramref name="Cancelled"/> say how they ended; <paramref name="OrdersPerSecond"/> counts orders that were
/// confirmed, also when their customer cancelled them later; <paramref name="Late"/> counts
/// orders that had not ended when their time to settle was over, also when they ended before the books were read; <paramref name="LongestToEndMs"/> is the longest time from sending an order to seeing it ended.
/// </summary>
internal sealed record Summary(
    bool Balanced,
    bool Interrupted,
    string RunId,
    int Orders,
    int Confirmed,
    int Cancelled,
    IReadOnlyDictionary<string, int> CancelledByCode,
    int Unfinished,
    int Late,
    int AcceptedForLater,
    CancellationCounts Cancellations,
    int RejectedOrders,
    int RejectedLines,
    IReadOnlyDictionary<string, int> RejectedLinesByReason,
    int Retries,
    IReadOnlyDictionary<string, int> RetriesByCause,
    double DurationSeconds,
    double OrdersPerSecond,
    LatencySummary LatencyMs,
    LatencySummary ServiceTimeMs,
    double LongestToEndMs,
    decimal MoneyKept,
    decimal MoneySold,
    int SkusChecked,
    int SkusInDoubt,
    int Repeated,
    int ViolationCount,
    IReadOnlyList<Violation> Violations)
{
    /// <summary>What only a shop of the tool's own was asked; null for another shop.</summary>
    public ShopSummary? Shop { get; init; }

    /// <summary>What was done to the shop; null when nothing was.</summary>
    public FaultSummary? Faults { get; init; }

    /// <summary>How the services took a drill; null when there was none.</summary>
    public DrillSummary? Drill { get; init; }

    /// <summary>Most violations that the JSON line lists; <see cref="ViolationCount"/> has them all.</summary>
    public const int MaxListedViolations = 100;
}

/// <summary>Cancellation requests: in the file and within reach of this run, taken by the shop, refused by it; and cancelled lines without an earlier order.</summary>
internal sealed record CancellationCounts(int Requested, int Accepted, int Failed, int UnmatchedLines);
