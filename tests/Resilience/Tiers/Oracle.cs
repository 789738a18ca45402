namespace Resilience.Tests.Tiers;

/// <summary>How a call should end, and what the dependency should have seen of it.</summary>
/// <param name="End">A status, <c>exception</c>, or the code of a refusal.</param>
/// <param name="StartsMs">When each attempt started.</param>
/// <param name="TimeoutsMs">What each attempt was told of its time.</param>
/// <param name="EndedMs">When the call ended.</param>
internal sealed record Expected(string End, IReadOnlyList<int> StartsMs, IReadOnlyList<int> TimeoutsMs, int EndedMs);

/// <summary>
/// The requirements A1, A3, A5, A8, B1 and B2 read off again, on whole milliseconds and without a look at the code: what a call must do in a case
/// of the matrix. Waits have no jitter here; 5 ms are kept in reserve, and under 10 ms no attempt starts.
/// </summary>
internal static class Oracle
{
    private const int ReserveMs = 5;
    private const int LeastMs = 10;
    private const int L1AttemptMs = 50;
    private const int L1WindowMs = 95;

    private static readonly string[] RetriedStatuses = ["408", "429", "502", "503", "504"];
    private static readonly string[] RetriedCodes = ["BUSY", "RATE_LIMITED", "TRANSIENT_FAILURE"];
    private static readonly string[] FinalStatuses = ["400", "404", "409"];
    private static readonly string[] NeverSent = [nameof(Fault.ConnectionRefused), nameof(Fault.NameNotResolved), nameof(Fault.HostUnreachable)];

    public static Expected Foretell(MatrixCase one)
    {
        int now = 0, l1 = 0, l2 = 0, windowEnd = 0, budget = one.BudgetLeft;
        var (breaker, end) = (one.Breaker, Math.Min(one.TotalMs, one.CallerDeadlineMs ?? int.MaxValue));
        List<int> starts = [], timeouts = [];
        var isL1Retry = false;
        if (one.CallerAttempt > 0 && budget-- <= 0)
        {
            return Ends("RETRY_BUDGET_EXHAUSTED");
        }

        while (true)
        {
            if (end - now < LeastMs)
            {
                return Ends("NOT_ENOUGH_TIME");
            }

            if (breaker is BreakerSetUp.Open or BreakerSetUp.ProbeUnderWay or BreakerSetUp.Isolated)
            {
                return Ends("BREAKER_OPEN");
            }

            (l1, l2) = (l1 + (isL1Retry || starts.Count == 0 ? 1 : 0), l2 + (isL1Retry ? 0 : 1));
            windowEnd = isL1Retry ? windowEnd : now + L1WindowMs;
            var time = Math.Min(one.HasL1 ? Math.Min(L1AttemptMs, windowEnd - now) : MatrixCase.AttemptMs, end - now - ReserveMs);
            starts.Add(now);
            timeouts.Add(time);

            var meeting = starts.Count <= one.Meetings.Count ? one.Meetings[starts.Count - 1] : new Meeting("200", null, 0, null);
            var isTimeout = meeting.TookMs > time || meeting.Kind == "hang";
            now += isTimeout ? time : meeting.TookMs;
            var isProbe = breaker == BreakerSetUp.BreakIsOver;
            breaker = !isProbe ? breaker : IsFault(meeting, isTimeout) ? BreakerSetUp.Open : BreakerSetUp.Closed;

            var own = isTimeout ? "ATTEMPT_TIMEOUT" : meeting.IsAnswer ? meeting.Kind : "exception";
            if (!MayRetry(one, meeting, isTimeout))
            {
                return Ends(own);
            }

            // L1 takes what failed on the way, if its attempts and its window allow.
            var l1Wait = Math.Min(5 << (l1 - 1), 20);
            isL1Retry = one.HasL1 && (isTimeout || !meeting.IsAnswer) && l1 < one.L1Attempts && windowEnd - now - l1Wait >= LeastMs;
            if (!isL1Retry && l2 >= one.L2Attempts)
            {
                return Ends(own);
            }

            var asked = isTimeout ? null : meeting.RetryAfterMs;
            var wait = isL1Retry ? l1Wait : asked ?? Math.Min(100 << (l2 - 1), 3000);
            if (end - now - wait < LeastMs)
            {
                return Ends(!isL1Retry && asked is not null ? own : "NOT_ENOUGH_TIME");
            }

            if (breaker == BreakerSetUp.Open || budget-- <= 0)
            {
                return Ends(own);
            }

            now += wait;
        }

        Expected Ends(string how) => new(how, starts, timeouts, now);
    }

    private static bool MayRetry(MatrixCase one, Meeting meeting, bool isTimeout)
    {
        if (one.CallerAttempt > 0)
        {
            return false;
        }

        if (isTimeout)
        {
            return one.Idempotency != Idempotency.NotIdempotent;
        }

        if (!meeting.IsAnswer)
        {
            return meeting.Kind != nameof(Fault.TlsFailed) && (one.Idempotency != Idempotency.NotIdempotent || NeverSent.Contains(meeting.Kind));
        }

        return one.Idempotency != Idempotency.NotIdempotent
            && meeting.Kind[0] is ('4' or '5')
            && !FinalStatuses.Contains(meeting.Kind)
            && (RetriedStatuses.Contains(meeting.Kind) || RetriedCodes.Contains(meeting.Code));
    }

    private static bool IsFault(Meeting meeting, bool isTimeout) =>
        isTimeout || (meeting.IsAnswer ? meeting.Kind[0] == '5' && !RetriedCodes.Contains(meeting.Code) : meeting.Kind != nameof(Fault.TlsFailed));
}
