namespace Resilience.Tests.Breaking;

/// <summary>A breaker on a clock that stands still: opens at half of at least 4 attempts within 10 s, for 5 s.</summary>
internal sealed class BreakerBench
{
    public static readonly BreakerPolicy Rule = new()
    {
        FailureRatio = 0.5,
        MinimumThroughput = 4,
        Sampling = TimeSpan.FromSeconds(10),
        Break = TimeSpan.FromSeconds(5),
        Recovery = TimeSpan.FromSeconds(2),
    };

    /// <summary>It failed, but the dependency is well.</summary>
    public static readonly Verdict NotItsFault = new(AttemptOutcome.Permanent, "http_404");

    public static readonly Verdict ItsFault = new(AttemptOutcome.Transient, "http_503") { IsDependencyFault = true };

    public BreakerBench() => Breaker = new CircuitBreaker("payments", ReleaseChannel.Canary, Rule, Clock, Transitions.Add);

    public VirtualClock Clock { get; } = new();

    public List<BreakerTransition> Transitions { get; } = [];

    public CircuitBreaker Breaker { get; }

    public TimeSpan? RetryAfter => Breaker.RetryAfter(Clock.GetTimestamp());

    public bool Refuses
    {
        get
        {
            var isTrial = false;
            return Breaker.Refuses(Clock.GetTimestamp(), ref isTrial);
        }
    }

    public bool TryEnter(out BreakerTicket ticket) => Breaker.TryEnter(Clock.GetTimestamp(), out ticket);

    public BreakerTicket Enter()
    {
        TryEnter(out var ticket).ShouldBeTrue();
        return ticket;
    }

    public void ShouldRefuse()
    {
        Refuses.ShouldBeTrue();
        TryEnter(out _).ShouldBeFalse();
    }

    public void Report(BreakerTicket ticket, Verdict verdict) => Breaker.Report(ticket, verdict, Clock.GetTimestamp());

    public void Make(int attempts, Verdict verdict)
    {
        for (var i = 0; i < attempts; i++)
        {
            Report(Enter(), verdict);
        }
    }

    public void Open()
    {
        Make(Rule.MinimumThroughput, ItsFault);
        Breaker.State.ShouldBe(BreakerState.Open);
    }

    /// <summary>Opens it, waits for the end of the break and takes the probe.</summary>
    public BreakerTicket Probe()
    {
        Open();
        Clock.Advance(Rule.Break);
        var probe = Enter();
        probe.IsProbe.ShouldBeTrue();
        return probe;
    }
}
