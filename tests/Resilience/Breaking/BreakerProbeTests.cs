using System.Collections.Concurrent;

namespace Resilience.Tests.Breaking;

public sealed class BreakerProbeTests
{
    private readonly BreakerBench _bench = new();

    [Fact]
    public void While_the_probe_is_under_way_all_others_are_refused()
    {
        _bench.Probe();
        _bench.Breaker.State.ShouldBe(BreakerState.HalfOpen);
        _bench.ShouldRefuse();
        _bench.Clock.Advance(TimeSpan.FromHours(1));
        _bench.ShouldRefuse();
        _bench.RetryAfter.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_probe_that_succeeds_closes_it_and_the_past_is_forgotten()
    {
        _bench.Report(_bench.Probe(), Verdict.Success);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
        _bench.Breaker.Sample.ShouldBe((0, 0));
        _bench.Make(3, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public void A_probe_that_is_answered_with_a_refusal_of_the_request_closes_it()
    {
        _bench.Report(_bench.Probe(), BreakerBench.NotItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public void A_probe_that_fails_opens_it_for_a_whole_break()
    {
        var probe = _bench.Probe();
        _bench.Clock.Advance(TimeSpan.FromSeconds(3));
        _bench.Report(probe, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Open);
        _bench.RetryAfter.ShouldBe(TimeSpan.FromSeconds(5));
        _bench.Transitions[^1].Reason.ShouldBe("the probe failed: http_503");
    }

    [Fact]
    public void A_probe_that_its_caller_gives_up_goes_to_the_next_call()
    {
        var probe = _bench.Probe();
        for (var i = 0; i < 10; i++)
        {
            _bench.ShouldRefuse();
            _bench.Report(probe, Verdict.Abandoned);
            _bench.Breaker.State.ShouldBe(BreakerState.HalfOpen);
            probe = _bench.Enter();
            probe.IsProbe.ShouldBeTrue();
        }

        _bench.Report(probe, Verdict.Success);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public void A_probe_that_reports_twice_counts_once()
    {
        var probe = _bench.Probe();
        _bench.Report(probe, Verdict.Success);
        _bench.Report(probe, BreakerBench.ItsFault);
        _bench.Breaker.State.ShouldBe(BreakerState.Closed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_an_operator_decides_while_the_probe_is_under_way_holds(bool isolates)
    {
        foreach (var end in (Verdict[])[Verdict.Success, BreakerBench.ItsFault, Verdict.Abandoned])
        {
            var bench = new BreakerBench();
            var probe = bench.Probe();
            if (isolates)
            {
                bench.Breaker.Isolate("ada", "maintenance");
            }
            else
            {
                bench.Breaker.Reset("ada", "it is back");
            }

            bench.Report(probe, end);
            bench.Breaker.State.ShouldBe(isolates ? BreakerState.Isolated : BreakerState.Closed);
            bench.Breaker.Sample.Failures.ShouldBe(isolates ? 4 : 0);
        }
    }

    [Fact]
    public void Of_64_threads_that_race_for_it_exactly_one_probes()
    {
        const int Racers = 64, Rounds = 150;
        Verdict[] ends = [BreakerBench.ItsFault, Verdict.Abandoned, Verdict.Success];
        var tickets = new ConcurrentQueue<BreakerTicket>();
        var entered = new List<int>();
        _bench.Open();
        _bench.Clock.Advance(BreakerBench.Rule.Break);

        using var together = new Barrier(Racers, round =>
        {
            entered.Add(tickets.Count);
            tickets.TryDequeue(out var probe);
            tickets.Clear();
            _bench.Report(probe, ends[round.CurrentPhaseNumber % ends.Length]);
            if (_bench.Breaker.State == BreakerState.Closed)
            {
                _bench.Open();
            }

            _bench.Clock.Advance(BreakerBench.Rule.Break);
        });
        var threads = Enumerable.Range(0, Racers).Select(_ => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                if (_bench.TryEnter(out var ticket))
                {
                    tickets.Enqueue(ticket);
                }

                together.SignalAndWait();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        entered.Count.ShouldBe(Rounds);
        entered.ShouldAllBe(count => count == 1);
    }

    [Fact]
    public void However_many_threads_hand_the_probe_on_only_one_has_it()
    {
        const int Racers = 64, Tries = 5000;
        int probing = 0, probes = 0, wrong = 0;
        _bench.Open();
        _bench.Clock.Advance(BreakerBench.Rule.Break);
        var threads = Enumerable.Range(0, Racers).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < Tries; i++)
            {
                if (!_bench.TryEnter(out var ticket))
                {
                    continue;
                }

                Interlocked.Increment(ref probes);
                Interlocked.Add(ref wrong, ticket.IsProbe && Interlocked.Increment(ref probing) == 1 ? 0 : 1);
                Interlocked.Decrement(ref probing);
                _bench.Report(ticket, Verdict.Abandoned);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        wrong.ShouldBe(0);
        probes.ShouldBeGreaterThan(Racers);
        _bench.Enter().IsProbe.ShouldBeTrue();
    }
}
