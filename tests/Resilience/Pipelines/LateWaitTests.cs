namespace Resilience.Tests.Pipelines;

public sealed class LateWaitTests
{
    [Theory]
    [InlineData(5, 20)]
    [InlineData(20, 10)]
    [InlineData(40, 10)]
    public void An_attempt_after_a_wait_that_outlasted_the_window_still_has_time(int waitMs, int expectedMs)
    {
        var clock = new VirtualClock();
        var progress = new CallProgress(new DependencyRegistry(_ => new DependencyPolicy { L1 = new L1Policy() }, clock).Get("stock"), Deadline.None);
        progress.TryStart(out _).ShouldBeTrue();
        progress.TryBegin(Tier.None, out var first, out _).ShouldBeTrue();
        first.Timeout.ShouldBe(TimeSpan.FromMilliseconds(50));
        clock.Advance(TimeSpan.FromMilliseconds(70));
        progress.End(Verdict.AttemptTimeout);

        clock.Advance(TimeSpan.FromMilliseconds(waitMs));
        progress.TryBegin(Tier.L1, out var second, out _).ShouldBeTrue();
        second.Timeout.ShouldBe(TimeSpan.FromMilliseconds(expectedMs));
    }
}
