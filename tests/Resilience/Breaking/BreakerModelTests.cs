using CsCheck;

namespace Resilience.Tests.Breaking;

public sealed class BreakerModelTests
{
    private static readonly Verdict[] Verdicts = [Verdict.Success, BreakerBench.ItsFault, BreakerBench.ItsFault, Verdict.Abandoned, BreakerBench.NotItsFault];

    // Entering, failing and waiting are frequent, so that most runs see a break, a probe and its end.
    private static readonly Gen<(int Step, int Pick)[]> Runs = Gen.Select(Gen.Int[0, 99], Gen.Int[0, 1000]).Array[1, 120];

    [Fact]
    public void It_does_what_a_simple_model_does() => Runs.Sample(Check, iter: 3000);

    private static void Check((int Step, int Pick)[] steps)
    {
        var bench = new BreakerBench();
        var model = new BreakerModel();
        var open = new List<(BreakerTicket Real, (int, bool) Model)>();
        foreach (var (step, pick) in steps)
        {
            Take(step, pick, bench, model, open);
            var now = bench.Clock.Elapsed;
            bench.Breaker.State.ShouldBe(model.StateAt(now));
            bench.Breaker.Sample.ShouldBe(model.SampleAt(now));
            bench.Breaker.Refusals.ShouldBe(model.Refusals);
            if (model.StateAt(now) != BreakerState.Closed)
            {
                bench.RetryAfter.ShouldBe(model.RetryAfterAt(now));
            }
        }
    }

    private static void Take(int step, int pick, BreakerBench bench, BreakerModel model, List<(BreakerTicket Real, (int Era, bool IsProbe) Model)> open)
    {
        switch (step)
        {
            case < 45:
                var isProbe = model.Enter(bench.Clock.Elapsed);
                bench.TryEnter(out var ticket).ShouldBe(isProbe is not null);
                if (isProbe is { } probes)
                {
                    ticket.IsProbe.ShouldBe(probes);
                    open.Add((ticket, (model.Era, probes)));
                }

                break;
            case < 85 when open.Count > 0:
                var reported = open[pick % open.Count];
                open.Remove(reported);
                model.Report(reported.Model, Verdicts[pick % Verdicts.Length], bench.Clock.Elapsed);
                bench.Report(reported.Real, Verdicts[pick % Verdicts.Length]);
                break;
            case < 96:
                bench.Clock.Advance(TimeSpan.FromMilliseconds(pick * 6));
                break;
            case < 98:
                model.Isolate();
                bench.Breaker.Isolate("ada", "why");
                break;
            default:
                model.Reset();
                bench.Breaker.Reset("ada", "why");
                break;
        }
    }
}
