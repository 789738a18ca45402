namespace Resilience.Tests.Breaking;

/// <summary>What is read or asked on every call costs no memory.</summary>
public sealed class HotPathAllocationTests
{
    private readonly DependencyRegistry _registry = new(_ => new DependencyPolicy());

    [Fact]
    public void Asking_and_reporting_while_closed_allocates_nothing()
    {
        var breaker = _registry.Get("payments").Breaker()!;
        ShouldAllocateNothing(() =>
        {
            breaker.TryEnter(TimeProvider.System.GetTimestamp(), out var ticket);
            breaker.Report(ticket, Verdict.Success, TimeProvider.System.GetTimestamp());
        });
    }

    [Fact]
    public void Being_refused_allocates_nothing()
    {
        var breaker = _registry.Get("payments").Breaker()!;
        breaker.Isolate("ada", "maintenance");
        ShouldAllocateNothing(() => breaker.TryEnter(0, out _));
    }

    [Fact]
    public void Reading_state_sample_and_policy_allocates_nothing()
    {
        var dependency = _registry.Get("payments");
        var sum = 0L;
        ShouldAllocateNothing(() =>
        {
            sum += (long)dependency.Breaker(ReleaseChannel.Canary)!.State + dependency.Breaker()!.Sample.Attempts;
            sum += dependency.Policy.L2.MaxAttempts + dependency.Policy.Total.Ticks + dependency.Breaker()!.Policy.MinimumThroughput;
            sum += dependency.Budget!.Sample.Requests;
        });
        sum.ShouldBePositive();
    }

    [Fact]
    public void Reading_deadline_and_context_allocates_nothing()
    {
        using var scope = CallContext.UseDeadline(Deadline.After(TimeSpan.FromHours(1), new VirtualClock()));
        var isLeft = true;
        ShouldAllocateNothing(() => isLeft &= !Deadline.Current.HasExpired && CallContext.Current.CallerAttempt == 0 && Deadline.Current.Remaining > TimeSpan.Zero);
        isLeft.ShouldBeTrue();
    }

    [Fact]
    public void Judging_allocates_nothing()
    {
        var classifier = new FailureClassifier(new RetrySignals());
        var reset = new HttpRequestException("reset", new IOException());
        ShouldAllocateNothing(() =>
        {
            _ = classifier.OfHttpStatus(503, "BUSY");
            _ = classifier.OfGrpcStatus(GrpcCode.Unavailable);
            _ = classifier.OfCode("BUSY");
            _ = classifier.OfException(reset);
        });
    }

    private static void ShouldAllocateNothing(Action act)
    {
        for (var i = 0; i < 100; i++)
        {
            act();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            act();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }
}
