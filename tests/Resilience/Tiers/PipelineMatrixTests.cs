using System.Globalization;
using CsCheck;
using static Resilience.Tests.Tiers.TierBench;

namespace Resilience.Tests.Tiers;

public sealed class PipelineMatrixTests
{
    [Fact]
    public void Every_call_does_what_the_requirements_say() => MatrixCase.All.Sample(Check, iter: 20_000);

    private static void Check(MatrixCase one)
    {
        using var bench = new TierBench(one.ToPolicy());
        SetUp(bench, one);
        var origin = bench.Clock.Elapsed;
        var end = Run(bench, one);
        var expected = Oracle.Foretell(one);
        var seen = $"{one}\n{Timeline(bench)}\n";
        end.ShouldBe(expected.End, seen);
        bench.Script.Attempts.Select(attempt => (int)attempt.StartedAt.TotalMilliseconds).ShouldBe(expected.StartsMs.Select(start => start + (int)origin.TotalMilliseconds), seen);
        bench.Script.Attempts.Select(attempt => (int)attempt.Request.TimeLeft!.Value.TotalMilliseconds).ShouldBe(expected.TimeoutsMs, seen);
        bench.Script.Attempts.Select(attempt => attempt.Request.RetryAttempt ?? 0)
            .ShouldBe(Enumerable.Range(one.CallerAttempt, expected.StartsMs.Count), seen);
        (bench.Clock.Elapsed - origin).ShouldBe(Ms(expected.EndedMs), seen);
        bench.Clock.ActiveTimers.ShouldBe(0, seen);
        if (one.Idempotency == Idempotency.NotIdempotent)
        {
            bench.Script.Effects.ShouldBeLessThanOrEqualTo(1, seen);
        }
    }

    private static void SetUp(TierBench bench, MatrixCase one)
    {
        foreach (var meeting in one.Meetings)
        {
            var script = meeting switch
            {
                { IsAnswer: true } => bench.Script.Answer(
                    int.Parse(meeting.Kind, CultureInfo.InvariantCulture), meeting.RetryAfterMs is { } ms ? Ms(ms) : null, meeting.Code),
                { Kind: "hang" } => bench.Script.Hang(),
                _ => bench.Script.Fail(Enum.Parse<Fault>(meeting.Kind)),
            };
            script.After(Ms(meeting.TookMs));
        }

        var breaker = bench.Dependency.Breaker();
        switch (one.Breaker)
        {
            case BreakerSetUp.Isolated:
                breaker!.Isolate("test", "set up");
                break;
            case BreakerSetUp.Open or BreakerSetUp.BreakIsOver or BreakerSetUp.ProbeUnderWay:
                Open(breaker!, bench.Clock);
                bench.Clock.Advance(one.Breaker == BreakerSetUp.Open ? TimeSpan.Zero : Ms(MatrixCase.BreakMs));
                if (one.Breaker == BreakerSetUp.ProbeUnderWay)
                {
                    breaker!.TryEnter(bench.Clock.GetTimestamp(), out _).ShouldBeTrue();
                }

                break;
        }
    }

    private static void Open(CircuitBreaker breaker, VirtualClock clock)
    {
        for (var i = 0; i < 1000; i++)
        {
            breaker.TryEnter(clock.GetTimestamp(), out var ticket);
            breaker.Report(ticket, Verdict.AttemptTimeout, clock.GetTimestamp());
        }

        breaker.State.ShouldBe(BreakerState.Open);
    }

    private static string Run(TierBench bench, MatrixCase one)
    {
        var context = new CallContext
        {
            Deadline = one.CallerDeadlineMs is { } left ? Deadline.After(Ms(left), bench.Clock) : Deadline.None,
            CallerAttempt = one.CallerAttempt,
        };
        using var request = one.Idempotency switch
        {
            Idempotency.NotIdempotent => Post(),
            Idempotency.Idempotent => Post(key: "key"),
            _ => new HttpRequestMessage(HttpMethod.Get, "http://dependency/"),
        };
        try
        {
            using var response = bench.Send(request, context);
            return ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        }
        catch (TieredCallException refusal)
        {
            return refusal.Code;
        }
        catch (HttpRequestException)
        {
            return "exception";
        }
    }

    private static string Timeline(TierBench bench) =>
        string.Join('\n', bench.Script.Attempts.Select(attempt => $"  {attempt.Number} at {attempt.StartedAt.TotalMilliseconds} ms: {attempt.Outcome}"));
}
