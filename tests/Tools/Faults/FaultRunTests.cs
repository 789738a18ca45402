using Microsoft.Extensions.Time.Testing;

namespace Tools.Tests.Faults;

public sealed class FaultRunTests : IDisposable
{
    private static readonly FaultTarget Orders = FaultTarget.All[0];

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeVictims _victims = new();
    private readonly StringWriter _said = new();

    [Fact]
    public async Task A_pause_begins_at_its_time_and_ends_after_its_length()
    {
        _victims.Run(FaultTarget.Broker, 10);
        var run = Run(Pause(FaultTarget.Broker, at: 2, length: 3));

        Advance(1.9);
        _victims.Done.ShouldBeEmpty();
        Advance(0.1);
        _victims.Done.ShouldBe(["pause broker 10"]);
        Advance(2.9);
        _victims.Done.Count.ShouldBe(1);
        Advance(0.1);

        var outcome = (await run).ShouldHaveSingleItem();
        _victims.Done.ShouldBe(["pause broker 10", "wake broker 10"]);
        (outcome.Done, outcome.Away.TotalSeconds, outcome.Problem).ShouldBe((true, 3, null));
        _said.ToString().ShouldContain("2.0 s  broker paused for 3.0 s");
    }

    [Fact]
    public async Task A_kill_is_over_when_another_process_is_healthy()
    {
        _victims.Run(Orders, 10);
        var run = Run(Kill(Orders, at: 1));

        Advance(1);
        _victims.Done.ShouldBe(["kill orders-1 10"]);
        Advance(1);
        _victims.Run(Orders, 11, isHealthy: false);
        Advance(1);
        run.IsCompleted.ShouldBeFalse();
        _victims.Run(Orders, 11);
        Advance(0.1);

        var outcome = (await run).ShouldHaveSingleItem();
        (outcome.Done, outcome.Problem).ShouldBe((true, null));
        outcome.Away.TotalSeconds.ShouldBe(2.1, 0.11);
    }

    [Fact]
    public async Task The_next_fault_of_a_target_waits_until_it_is_back()
    {
        _victims.Run(Orders, 10);
        var run = Run(Kill(Orders, at: 1), Pause(Orders, at: 2, length: 1));

        Advance(5);
        _victims.Done.ShouldBe(["kill orders-1 10"]);
        _victims.Run(Orders, 11);
        Advance(0.1);
        _victims.Done.ShouldBe(["kill orders-1 10", "pause orders-1 11"]);
        Advance(1);

        (await run).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_kill_and_a_pause_overlap()
    {
        _victims.Run(Orders, 10);
        _victims.Run(FaultTarget.Database, 20);
        var run = Run(Kill(Orders, at: 1), Pause(FaultTarget.Database, at: 2, length: 1));

        Advance(4);
        _victims.Done.ShouldBe(["kill orders-1 10", "pause postgres 20", "wake postgres 20"]);
        _victims.Run(Orders, 11);
        Advance(0.1);

        (await run).Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_next_kill_comes_when_orders_have_flowed_for_a_moment()
    {
        _victims.Run(Orders, 10);
        _victims.Run(FaultTarget.Database, 20);
        var run = Run(Kill(Orders, at: 1), Kill(FaultTarget.Database, at: 2));

        Advance(5);
        _victims.Done.ShouldBe(["kill orders-1 10"], "the first is not back");
        _victims.Run(Orders, 11);
        Advance(FaultRun.Breather.TotalSeconds - 0.2);
        _victims.Done.Count.ShouldBe(1);
        Advance(0.5);
        _victims.Done.ShouldBe(["kill orders-1 10", "kill postgres 20"]);
        _victims.Run(FaultTarget.Database, 21);
        Advance(0.1);

        (await run).Count.ShouldBe(2);
    }

    [Fact]
    public async Task One_is_paused_at_a_time()
    {
        _victims.Run(Orders, 10);
        _victims.Run(FaultTarget.Broker, 30);
        var run = Run(Pause(Orders, at: 1, length: 5), Pause(FaultTarget.Broker, at: 2, length: 1));

        Advance(8);

        (await run).Count.ShouldBe(2);
        _victims.Done.ShouldBe(["pause orders-1 10", "wake orders-1 10", "pause broker 30", "wake broker 30"]);
    }

    [Fact]
    public async Task A_process_that_does_not_come_back_is_a_problem()
    {
        _victims.Run(Orders, 10);
        var run = Run(Kill(Orders, at: 0));

        Advance(FaultRun.Patience.TotalSeconds + 1);

        var outcome = (await run).ShouldHaveSingleItem();
        outcome.Done.ShouldBeTrue();
        outcome.Problem!.ShouldStartWith("orders-1 was killed and is not healthy again after 60 s");
    }

    [Fact]
    public async Task A_fault_that_finds_nobody_to_hit_was_not_done()
    {
        var run = Run(Kill(Orders, at: 0));

        Advance(FaultRun.Patience.TotalSeconds + 1);

        var outcome = (await run).ShouldHaveSingleItem();
        outcome.Done.ShouldBeFalse();
        outcome.Problem!.ShouldContain("did not run for 60 s");
    }

    [Fact]
    public async Task Who_is_paused_is_woken_when_the_run_is_interrupted()
    {
        _victims.Run(Orders, 10);
        using var interruption = new CancellationTokenSource();
        var run = new FaultRun(new FaultPlan(1, TimeSpan.Zero, [Pause(Orders, at: 0, length: 5)]), _victims, _clock);
        var running = run.RunAsync(new ProgressLines(_said, _clock), interruption.Token);

        await interruption.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running);
        _victims.Done.ShouldBe(["pause orders-1 10", "wake orders-1 10"]);
    }

    public void Dispose() => _said.Dispose();

    private static Fault Pause(FaultTarget target, double at, double length) => new(target, FaultKind.Pause, TimeSpan.FromSeconds(at), TimeSpan.FromSeconds(length));

    private static Fault Kill(FaultTarget target, double at) => new(target, FaultKind.Kill, TimeSpan.FromSeconds(at), TimeSpan.Zero);

    private async Task<IReadOnlyCollection<FaultOutcome>> Run(params Fault[] faults)
    {
        var run = new FaultRun(new FaultPlan(1, TimeSpan.Zero, faults), _victims, _clock);
        await run.RunAsync(new ProgressLines(_said, _clock), TestContext.Current.CancellationToken);
        return run.Outcomes;
    }

    /// <summary>In small steps: what a timer starts may set the next one.</summary>
    private void Advance(double seconds)
    {
        for (var left = TimeSpan.FromSeconds(seconds); left > TimeSpan.Zero; left -= TimeSpan.FromMilliseconds(50))
        {
            _clock.Advance(TimeSpan.FromMilliseconds(50));
        }
    }
}
