using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>
/// The circuit breaker of one dependency and channel: closed, open, half-open with exactly one probe, and isolated by an operator. Asking and
/// reporting while closed take no lock and allocate nothing; changes of state are serialised. Thread-safe.
/// </summary>
/// <remarks>
/// The states are those of Nygard, "Release It!", and of Fowler's "CircuitBreaker" (2014). A probe whose caller gives up is handed to the next call: it
/// must neither hold the breaker half-open for ever nor count as an answer.
/// </remarks>
public sealed class CircuitBreaker
{
    private const int TransitionsKept = 50;

    private readonly Lock _changing = new();
    private readonly Queue<BreakerTransition> _history = new(TransitionsKept);
    private readonly BreakerPolicy _policy;
    private readonly TimeProvider _time;
    private readonly SlidingCounts _counts;
    private readonly long _breakStamps;
    private readonly ForcedBreakSwitch? _forced;
    private readonly Action<BreakerTransition>? _onTransition;

    private volatile int _state;
    private volatile int _generation;
    private long _openUntil;
    private long _refusals;

    internal CircuitBreaker(
        string dependency, ReleaseChannel channel, BreakerPolicy policy, TimeProvider time, Action<BreakerTransition>? onTransition, ForcedBreakSwitch? forced = null)
    {
        (Dependency, Channel, _policy, _time, _onTransition, _forced) = (dependency, channel, policy, time, onTransition, forced);
        _counts = new SlidingCounts(policy.Sampling, time);
        _breakStamps = Stamps.From(policy.Break, time);
    }

    /// <summary>Name of the dependency.</summary>
    public string Dependency { get; }

    /// <summary>Release channel.</summary>
    public ReleaseChannel Channel { get; }

    /// <summary>The state now. An open breaker whose break is over shows as half-open: the next call is its probe.</summary>
    public BreakerState State => _forced?.Current is { Share: < 1 } ? BreakerState.Forced : OwnState;

    /// <summary>The state without what the fleet says of the dependency.</summary>
    private BreakerState OwnState
    {
        get
        {
            var state = (BreakerState)_state;
            return state == BreakerState.Open && _time.GetTimestamp() >= Volatile.Read(ref _openUntil) ? BreakerState.HalfOpen : state;
        }
    }

    /// <summary>Calls refused since the start.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>The numbers it works with.</summary>
    public BreakerPolicy Policy => _policy;

    /// <summary>Attempts and failed attempts within the sampling time.</summary>
    public (long Attempts, long Failures) Sample
    {
        get
        {
            var (successes, failures) = _counts.Sum(_time.GetTimestamp());
            return (successes + failures, failures);
        }
    }

    /// <summary>The last changes of state, oldest first, at most 50: the audit trail of operators and of the breaker itself.</summary>
    public IReadOnlyList<BreakerTransition> History
    {
        get
        {
            lock (_changing)
            {
                return [.. _history];
            }
        }
    }

    /// <summary>Refuses every call from now on, until <see cref="Reset"/>. What is under way is not cut off.</summary>
    /// <param name="actor">Who does it.</param>
    /// <param name="reason">Why.</param>
    public void Isolate(string actor, string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(actor);
        lock (_changing)
        {
            Move(BreakerState.Isolated, reason, actor);
        }
    }

    /// <summary>Closes the breaker, whatever state it is in, and forgets what it has counted.</summary>
    /// <param name="actor">Who does it.</param>
    /// <param name="reason">Why.</param>
    public void Reset(string actor, string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(actor);
        lock (_changing)
        {
            _counts.Clear();
            Move(BreakerState.Closed, reason, actor);
        }
    }

    /// <summary>Writes down that the breaker is forced, or no longer.</summary>
    internal void NoteForced(ForcedBreak? before, ForcedBreak? now)
    {
        lock (_changing)
        {
            var own = OwnState;
            var (from, to) = (before is { Share: < 1 } ? BreakerState.Forced : own, now is { Share: < 1 } ? BreakerState.Forced : own);
            Keep(new BreakerTransition(_time.GetUtcNow(), Dependency, Channel, from, to, now?.Reason ?? "the dependency has recovered", now?.By ?? before?.By));
        }
    }

    /// <summary>Asks for leave to make an attempt. Whoever gets a ticket must give it back with <see cref="Report"/>, whatever happens.</summary>
    internal bool TryEnter(long now, out BreakerTicket ticket)
    {
        var isTrial = false;
        return TryEnter(now, ref isTrial, out ticket);
    }

    /// <summary>Asks for leave, for a call that may be a trial of a broken dependency, or become one.</summary>
    internal bool TryEnter(long now, ref bool isTrial, out BreakerTicket ticket)
    {
        // The generation is read first: should the state change in between, the ticket is of an old one and its report is passed over.
        ticket = new BreakerTicket(_generation, IsProbe: false);
        if (_forced?.Current is { } forced && forced.Refuses(ref isTrial))
        {
            Interlocked.Increment(ref _refusals);
            return false;
        }

        return _state == (int)BreakerState.Closed || TryProbe(now, out ticket);
    }

    /// <summary>Whether a call would be refused now; one that would not may have become a trial.</summary>
    internal bool Refuses(long now, ref bool isTrial) => _forced?.Current?.Refuses(ref isTrial) == true || (BreakerState)_state switch
    {
        BreakerState.Closed => false,
        BreakerState.Open => now < Volatile.Read(ref _openUntil),
        _ => true,
    };

    /// <summary>How long a refused caller should wait: until the break is over, or for the probe that is under way; null while isolated.</summary>
    internal TimeSpan? RetryAfter(long now) => (BreakerState)_state switch
    {
        _ when _forced?.Current is { Share: < 1 } => ForcedBreak.RetryAfter,
        BreakerState.Isolated => null,
        BreakerState.Open => Stamps.Between(now, Volatile.Read(ref _openUntil), _time),
        _ => TimeSpan.Zero,
    };

    /// <summary>Takes the outcome of an attempt.</summary>
    internal void Report(BreakerTicket ticket, in Verdict verdict, long now)
    {
        if (ticket.IsProbe)
        {
            ReportProbe(ticket, verdict, now);
        }
        else if (verdict.Outcome != AttemptOutcome.Abandoned && ticket.Generation == _generation)
        {
            Count(verdict.IsDependencyFault, ticket.Generation, now);
        }
    }

    private void Count(bool failed, int generation, long now)
    {
        if (!failed)
        {
            _counts.AddFirst(now);
            return;
        }

        _counts.AddSecond(now);
        var (successes, failures) = _counts.Sum(now);
        if (successes + failures < _policy.MinimumThroughput || failures < _policy.FailureRatio * (successes + failures))
        {
            return;
        }

        lock (_changing)
        {
            // Many calls fail at the same moment; one of them opens the breaker.
            if (generation == _generation)
            {
                Open(now, string.Create(CultureInfo.InvariantCulture, $"{failures} of {successes + failures} attempts failed"));
            }
        }
    }

    private bool TryProbe(long now, out BreakerTicket ticket)
    {
        lock (_changing)
        {
            switch ((BreakerState)_state)
            {
                case BreakerState.Closed:
                    ticket = new BreakerTicket(_generation, IsProbe: false);
                    return true;
                case BreakerState.Open when now >= _openUntil:
                    Move(BreakerState.HalfOpen, "the break is over; one probe decides", actor: null);
                    ticket = new BreakerTicket(_generation, IsProbe: true);
                    return true;
                default:
                    Interlocked.Increment(ref _refusals);
                    ticket = default;
                    return false;
            }
        }
    }

    private void ReportProbe(BreakerTicket ticket, in Verdict verdict, long now)
    {
        lock (_changing)
        {
            if (ticket.Generation != _generation)
            {
                return; // An operator decided while the probe was under way.
            }

            if (verdict.Outcome == AttemptOutcome.Abandoned)
            {
                _openUntil = now;
                Move(BreakerState.Open, $"the probe told nothing of the dependency ({verdict.Reason}); the next call probes", actor: null);
            }
            else if (verdict.IsDependencyFault)
            {
                Open(now, $"the probe failed: {verdict.Reason}");
            }
            else
            {
                _counts.Clear();
                Move(BreakerState.Closed, "the probe succeeded", actor: null);
            }
        }
    }

    private void Open(long now, string reason)
    {
        Volatile.Write(ref _openUntil, Stamps.Add(now, _breakStamps));
        Move(BreakerState.Open, reason, actor: null);
    }

    private void Move(BreakerState to, string reason, string? actor)
    {
        var from = (BreakerState)_state;
        _generation++;
        _state = (int)to;
        Keep(new BreakerTransition(_time.GetUtcNow(), Dependency, Channel, from, to, reason, actor));
    }

    private void Keep(BreakerTransition transition)
    {
        if (_history.Count == TransitionsKept)
        {
            _history.Dequeue();
        }

        _history.Enqueue(transition);
        _onTransition?.Invoke(transition);
    }
}
