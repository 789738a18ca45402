namespace Resilience.Tests.Breaking;

/// <summary>What a breaker should do, written for reading: one thread, lists, seconds. Its slices are seconds, as those of the bench's breaker.</summary>
internal sealed class BreakerModel
{
    private readonly List<(long Second, bool Failed)> _counts = [];
    private BreakerState _state;
    private TimeSpan _openUntil;

    public int Era { get; private set; }

    public long Refusals { get; private set; }

    public BreakerState StateAt(TimeSpan now) => _state == BreakerState.Open && now >= _openUntil ? BreakerState.HalfOpen : _state;

    public (long Attempts, long Failures) SampleAt(TimeSpan now)
    {
        var recent = _counts.Where(count => Second(now) - count.Second < 10).ToList();
        return (recent.Count, recent.Count(count => count.Failed));
    }

    public TimeSpan? RetryAfterAt(TimeSpan now) => StateAt(now) switch
    {
        BreakerState.Isolated => null,
        BreakerState.Open => _openUntil - now,
        _ => TimeSpan.Zero,
    };

    /// <returns>Null when refused, else whether it is the probe.</returns>
    public bool? Enter(TimeSpan now)
    {
        if (_state == BreakerState.Closed)
        {
            return false;
        }

        if (_state == BreakerState.Open && now >= _openUntil)
        {
            Move(BreakerState.HalfOpen);
            return true;
        }

        Refusals++;
        return null;
    }

    public void Report((int Era, bool IsProbe) ticket, in Verdict verdict, TimeSpan now)
    {
        var isAbandoned = verdict.Outcome == AttemptOutcome.Abandoned;
        if (ticket.Era != Era || (isAbandoned && !ticket.IsProbe))
        {
            return;
        }

        if (!ticket.IsProbe)
        {
            _counts.Add((Second(now), verdict.IsDependencyFault));
            var (attempts, failures) = SampleAt(now);
            if (verdict.IsDependencyFault && attempts >= 4 && failures * 2 >= attempts)
            {
                Open(now + TimeSpan.FromSeconds(5));
            }
        }
        else if (isAbandoned || verdict.IsDependencyFault)
        {
            Open(isAbandoned ? now : now + TimeSpan.FromSeconds(5));
        }
        else
        {
            Reset();
        }
    }

    public void Isolate() => Move(BreakerState.Isolated);

    public void Reset()
    {
        _counts.Clear();
        Move(BreakerState.Closed);
    }

    private static long Second(TimeSpan now) => (long)Math.Floor(now.TotalSeconds);

    private void Open(TimeSpan until)
    {
        _openUntil = until;
        Move(BreakerState.Open);
    }

    private void Move(BreakerState to)
    {
        _state = to;
        Era++;
    }
}
