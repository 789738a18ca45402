using Polly;

namespace Resilience.Tests.Pipelines;

public sealed class JudgeThatThrowsTests
{
    [Fact]
    public async Task A_judge_that_throws_does_not_leave_the_breaker_with_a_probe_for_ever()
    {
        var clock = new VirtualClock();
        var dependency = new DependencyRegistry(_ => new DependencyPolicy(), clock).Get("shop");
        var pipeline = new ResiliencePipelineBuilder<int> { TimeProvider = clock }
            .AddTiers(new TierStrategyOptions<int> { Dependency = dependency, Judge = (_, _) => throw new FormatException() })
            .Build();
        var breaker = dependency.Breaker()!;
        for (var i = 0; i < 10; i++)
        {
            breaker.TryEnter(clock.GetTimestamp(), out var ticket);
            breaker.Report(ticket, Verdict.AttemptTimeout, clock.GetTimestamp());
        }

        breaker.State.ShouldBe(BreakerState.Open);
        clock.Advance(TimeSpan.FromSeconds(5));
        await Should.ThrowAsync<FormatException>(async () => await pipeline.ExecuteAsync(_ => ValueTask.FromResult(1), CancellationToken.None));
        breaker.State.ShouldBe(BreakerState.Closed);
    }
}
