using CsCheck;

namespace Resilience.Tests.Tiers;

/// <summary>What one attempt meets.</summary>
/// <param name="Kind">A status, or the name of a <see cref="Fault"/>, or <c>hang</c>.</param>
/// <param name="Code">Business code of the answer.</param>
/// <param name="TookMs">How long it takes.</param>
/// <param name="RetryAfterMs">With 429 and 503: what <c>Retry-After</c> asks for, in whole seconds.</param>
internal sealed record Meeting(string Kind, string? Code, int TookMs, int? RetryAfterMs)
{
    public bool IsAnswer => char.IsDigit(Kind[0]);

    public override string ToString() => $"{Kind}{(Code is null ? "" : $"/{Code}")} after {TookMs}{(RetryAfterMs is null ? "" : $", Retry-After {RetryAfterMs}")}";
}

/// <summary>The breaker when the call starts.</summary>
internal enum BreakerSetUp
{
    Closed,
    Open,
    BreakIsOver,
    ProbeUnderWay,
    Isolated,
    None,
}

/// <summary>One cell of the matrix: fault kinds x idempotency x time left x breaker state, with everything else that decides.</summary>
internal sealed record MatrixCase(
    IReadOnlyList<Meeting> Meetings,
    Idempotency Idempotency,
    int TotalMs,
    int? CallerDeadlineMs,
    int CallerAttempt,
    BreakerSetUp Breaker,
    int BudgetLeft,
    bool HasL1,
    int L1Attempts,
    int L2Attempts)
{
    public const int AttemptMs = 300;
    public const int BreakMs = 5000;

    private static readonly string[] Kinds =
    [
        "200", "204", "302", "400", "402", "404", "408", "409", "422", "429", "500", "501", "502", "503", "504", "505", "507",
        nameof(Fault.ConnectionRefused), nameof(Fault.ConnectionReset), nameof(Fault.ResponseEnded), nameof(Fault.NameNotResolved), nameof(Fault.TlsFailed),
        nameof(Fault.HostUnreachable), "hang",
    ];

    private static readonly Gen<Meeting> Meeting =
        from kind in Gen.OneOf(Any(Kinds), Any("503", "429", nameof(Fault.ConnectionReset), "hang"))
        from code in Gen.Frequency((4, Gen.Const((string?)null)), (1, Any<string?>("BUSY", "RATE_LIMITED", "TRANSIENT_FAILURE", "CARD_DECLINED")))
        from took in Gen.OneOf(Gen.Int[0, 20], Gen.Int[0, 400])
        from retryAfter in Gen.Frequency((5, Gen.Const((int?)null)), (1, Gen.Int[0, 3].Select(s => (int?)(s * 1000))))
        select new Meeting(kind, char.IsDigit(kind[0]) && kind != "204" ? code : null, took, kind is "429" or "503" ? retryAfter : null);

    public static Gen<MatrixCase> All { get; } =
        from meetings in Meeting.List[8]
        from idempotency in Any(Idempotency.NotIdempotent, Idempotency.Idempotent, Idempotency.Safe)
        from total in Gen.OneOf(Gen.Int[10, 700], Gen.Int[700, 6000])
        from deadline in Gen.Frequency((2, Gen.Const((int?)null)), (1, Gen.Int[0, 2000].Select(ms => (int?)ms)))
        from callerAttempt in Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 3]))
        from breaker in Gen.Frequency((5, Gen.Const(BreakerSetUp.Closed)), (3, Gen.Enum<BreakerSetUp>()))
        from budget in Gen.Frequency((3, Gen.Const(100)), (1, Gen.Int[0, 2]))
        from hasL1 in Gen.Bool
        from l1 in Gen.Int[1, 4]
        from l2 in Gen.Int[1, 4]
        select new MatrixCase(meetings, idempotency, total, deadline, callerAttempt, breaker, budget, hasL1, l1, l2);

    private static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    public DependencyPolicy ToPolicy() => TierBench.Exact() with
    {
        Total = TierBench.Ms(TotalMs),
        L1 = HasL1 ? TierBench.Exact(l1: true).L1! with { MaxAttempts = L1Attempts } : null,
        L2 = new L2Policy { AttemptTimeout = TierBench.Ms(AttemptMs), MaxAttempts = L2Attempts, Backoff = new BackoffPolicy { Jitter = 0 } },
        Breaker = Breaker == BreakerSetUp.None ? null : new BreakerPolicy { MinimumThroughput = 1000, Break = TierBench.Ms(BreakMs) },
        RetryBudget = new RetryBudgetPolicy { Floor = BudgetLeft, Ratio = 0 },
    };

    public override string ToString() =>
        $"{Idempotency}, total {TotalMs}, caller's deadline {CallerDeadlineMs}, caller's attempt {CallerAttempt}, breaker {Breaker}, budget {BudgetLeft}, "
        + $"L1 {(HasL1 ? L1Attempts : 0)}, L2 {L2Attempts}: {string.Join("; ", Meetings)}";
}
