namespace ResilientShop.Resilience;

/// <summary>
/// How far a call has got: the snapshot it started with, its deadline, the attempts made, the breaker's ticket. A mutable struct that lives in the
/// pipeline's own frame, so that a call that works at once allocates nothing for it.
/// </summary>
internal struct CallProgress
{
    private readonly CircuitBreaker? _breaker;
    private readonly long _expiresAt;
    private readonly int _callerAttempt;
    private readonly bool _hasAlternative;

    private BreakerTicket _ticket;
    private Verdict _last;
    private long _now;
    private long _began;
    private long _windowEnds;
    private TimeSpan _attemptTime;
    private int _attempts;
    private int _l1Attempts;
    private int _l2Attempts;
    private bool _isTrial;

    public CallProgress(Dependency dependency, Deadline deadline)
    {
        var context = CallContext.Current;
        Snapshot = dependency.SnapshotFor(context);

        // Where nobody said that there is a canary, somebody on the way may route by the header all the same: breakers stay apart.
        Channel = dependency.Release.HasCanary ? dependency.Release.Of(context.Channel) : context.Channel;
        _callerAttempt = context.CallerAttempt;
        _hasAlternative = context.HasAlternative;
        _breaker = Snapshot.Breaker(Channel);
        _now = dependency.Time.GetTimestamp();
        _expiresAt = Math.Min(
            Stamps.Add(_now, Snapshot.Total), Math.Min(context.Deadline.ExpiresAt(dependency.Time, _now), deadline.ExpiresAt(dependency.Time, _now)));
    }

    public DependencySnapshot Snapshot { get; }

    public ReleaseChannel Channel { get; }

    public readonly Dependency Dependency => Snapshot.Dependency;

    public readonly int Retries => _attempts - 1;

    private readonly TimeSpan TimeLeft => Stamps.Between(_now, _expiresAt, Dependency.Time);

    /// <summary>Counts the call in the retry budget. A call that is part of somebody's retry needs leave to be made at all.</summary>
    public bool TryStart(out Refusal refusal)
    {
        refusal = default;
        if (Snapshot.Budget is not { } budget)
        {
            return true;
        }

        if (_callerAttempt == 0)
        {
            budget.Deposit(_now);
            return true;
        }

        if (budget.TryWithdraw(_now))
        {
            return true;
        }

        Dependency.Metrics.BudgetRefused(Dependency, Channel);
        refusal = Refuse(RefusalKind.RetryBudgetExhausted);
        return false;
    }

    /// <summary>Starts an attempt, if there is time for it and the breaker lets it pass.</summary>
    public bool TryBegin(Tier tier, out Attempt attempt, out Refusal refusal)
    {
        attempt = default;
        if (tier != Tier.None)
        {
            _now = Dependency.Time.GetTimestamp();
        }

        if (_expiresAt - _now < Snapshot.MinTimeLeft)
        {
            refusal = Refuse(RefusalKind.NotEnoughTime);
            return false;
        }

        if (_breaker is not null && !_breaker.TryEnter(_now, ref _isTrial, out _ticket))
        {
            refusal = Refuse(RefusalKind.BreakerOpen);
            return false;
        }

        refusal = default;
        _began = _now;
        Count(tier);
        _attemptTime = AttemptTimeout();
        attempt = new Attempt(_attempts - 1, _callerAttempt + _attempts - 1, _attemptTime, _isTrial);
        return true;
    }

    /// <summary>Takes the outcome of the attempt under way.</summary>
    public void End(in Verdict verdict, bool atOnce = false)
    {
        if (!atOnce)
        {
            _now = Dependency.Time.GetTimestamp();
        }

        _last = verdict;
        if (Dependency.Release.HasCanary)
        {
            Dependency.Metrics.Served(Dependency, Channel, Stamps.Between(_began, _now, Dependency.Time), verdict);
        }

        _breaker?.Report(_ticket, verdict.IsRefusal || (_hasAlternative && verdict.NeverSent) ? verdict with { Outcome = AttemptOutcome.Abandoned } : verdict, _now);
    }

    /// <summary>Decides what follows from the attempt that failed; a retry is paid from the budget.</summary>
    public RetryDecision Decide(Idempotency idempotency, bool canRepeat)
    {
        var failed = new FailedAttempt(_last)
        {
            Idempotency = idempotency,
            CanRepeat = canRepeat,
            CallerRetries = _callerAttempt > 0,
            L1Attempts = _l1Attempts,
            L2Attempts = _l2Attempts,
            WindowLeft = Snapshot.Policy.L1 is null ? TimeSpan.Zero : Stamps.Between(_now, _windowEnds, Dependency.Time),
            TimeLeft = TimeLeft,
        };
        var decision = RetryRules.Decide(Snapshot.Policy, failed, Random.Shared.NextDouble());
        if (decision.Step != NextStep.Retry)
        {
            return decision;
        }

        if (_breaker?.Refuses(_now, ref _isTrial) == true)
        {
            return RetryDecision.Return("breaker_open");
        }

        if (Snapshot.Budget?.TryWithdraw(_now) == false)
        {
            Dependency.Metrics.BudgetRefused(Dependency, Channel);
            return RetryDecision.Return("budget_used_up");
        }

        return decision;
    }

    /// <summary>Ends the call without an answer of the dependency.</summary>
    public readonly Refusal Refuse(RefusalKind kind)
    {
        var retryAfter = kind switch
        {
            RefusalKind.BreakerOpen => _breaker!.RetryAfter(_now),
            RefusalKind.RetryBudgetExhausted => Snapshot.Budget!.Policy.Window,
            _ => null,
        };
        var refusal = new Refusal(kind, Dependency.Name, Channel, _attempts, TimeLeft, _attempts == 0 ? null : _last.Reason, retryAfter, _attemptTime);
        Dependency.Metrics.Refused(refusal);
        CallSpans.Refused(refusal);
        return refusal;
    }

    private void Count(Tier tier)
    {
        _attempts++;
        _l1Attempts += tier == Tier.L2 ? 0 : 1;
        _l2Attempts += tier == Tier.L1 ? 0 : 1;
        if (tier != Tier.L1 && Snapshot.Policy.L1 is not null)
        {
            _windowEnds = Stamps.Add(_now, Snapshot.Window);
        }
    }

    private readonly TimeSpan AttemptTimeout()
    {
        var left = _expiresAt - _now - Snapshot.Reserve;
        if (Snapshot.Policy.L1 is not null)
        {
            // A wait that lasted longer than it should may have used the window up. An attempt without time would fail and count against the dependency.
            left = Math.Min(left, Math.Max(_windowEnds - _now, Snapshot.MinTimeLeft));
        }

        return left >= Snapshot.AttemptTimeout ? Snapshot.Policy.AttemptTimeout : Stamps.Between(0, left, Dependency.Time);
    }
}
