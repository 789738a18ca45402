namespace Resilience.Tests.Testing;

public sealed class VirtualClockTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly VirtualClock _clock = new();
    private readonly List<(string Name, TimeSpan At)> _fired = [];

    [Fact]
    public void It_stands_still_until_it_is_moved()
    {
        var clock = new VirtualClock(new DateTimeOffset(2030, 1, 1, 2, 0, 0, TimeSpan.FromHours(2)));
        clock.GetUtcNow().ShouldBe(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        clock.GetUtcNow().Offset.ShouldBe(TimeSpan.Zero);

        var before = clock.GetTimestamp();
        clock.Advance(TimeSpan.FromMilliseconds(1.5));
        clock.GetElapsedTime(before).ShouldBe(TimeSpan.FromMilliseconds(1.5));
        clock.GetUtcNow().ShouldBe(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(1.5));
        clock.TimestampFrequency.ShouldBe(10_000_000);
        clock.LocalTimeZone.ShouldBe(TimeZoneInfo.Utc);
    }

    [Fact]
    public void Timers_fire_in_the_order_of_their_due_times_and_read_them()
    {
        using var late = Timer("late", 3);
        using var early = Timer("early", 1);
        using var tooLate = Timer("too late", 5);
        _clock.Advance(4 * Second);

        _fired.ShouldBe([("early", Second), ("late", 3 * Second)]);
        _clock.Elapsed.ShouldBe(4 * Second);
        _clock.ActiveTimers.ShouldBe(1);
    }

    [Fact]
    public void Timers_due_at_the_same_time_fire_in_the_order_in_which_they_were_set()
    {
        using var first = Timer("first", 1);
        using var second = Timer("second", 1);
        using var third = Timer("third", 1);
        first.Change(Second, Timeout.InfiniteTimeSpan);
        _clock.Advance(Second);
        _fired.Select(timer => timer.Name).ShouldBe(["second", "third", "first"]);
    }

    [Fact]
    public void A_periodic_timer_fires_at_every_period_within_one_move()
    {
        using var timer = Timer("beat", 2, period: 3);
        _clock.Advance(9 * Second);
        _fired.Select(beat => beat.At).ShouldBe([2 * Second, 5 * Second, 8 * Second]);
    }

    [Fact]
    public void A_callback_may_set_a_timer_that_is_still_due_within_the_move()
    {
        using var inner = Timer("inner", -1);
        using var outer = _clock.CreateTimer(_ => inner.Change(Second, Timeout.InfiniteTimeSpan), null, Second, Timeout.InfiniteTimeSpan);
        _clock.Advance(2 * Second);
        _fired.ShouldBe([("inner", 2 * Second)]);
    }

    [Fact]
    public void A_callback_may_move_the_clock()
    {
        using var timer = _clock.CreateTimer(_ => _clock.Advance(10 * Second), null, Second, Timeout.InfiniteTimeSpan);
        _clock.Advance(2 * Second);
        _clock.Elapsed.ShouldBe(11 * Second);
    }

    [Fact]
    public void A_periodic_timer_can_be_stopped_by_its_own_callback()
    {
        ITimer? timer = null;
        var beats = 0;
        timer = _clock.CreateTimer(_ =>
        {
            beats++;
            timer!.Dispose();
        }, null, Second, Second);
        _clock.Advance(10 * Second);
        beats.ShouldBe(1);
        timer.Change(Second, Second).ShouldBeFalse();
        _clock.ShouldHaveNoTimers();
    }

    [Fact]
    public void What_a_callback_throws_reaches_the_one_who_moves_the_clock()
    {
        using var faulty = _clock.CreateTimer(_ => throw new FormatException(), null, Second, Timeout.InfiniteTimeSpan);
        using var next = Timer("next", 2);
        Should.Throw<FormatException>(() => _clock.Advance(5 * Second));
        _clock.Elapsed.ShouldBe(Second);
        _clock.TryAdvanceToNextTimer().ShouldBeTrue();
        _fired.ShouldBe([("next", 2 * Second)]);
    }

    [Fact]
    public void The_next_timer_is_one_step_away()
    {
        using var later = Timer("later", 7);
        using var soon = Timer("soon", 5);
        _clock.TryAdvanceToNextTimer().ShouldBeTrue();
        _clock.Elapsed.ShouldBe(5 * Second);
        _clock.TryAdvanceToNextTimer().ShouldBeTrue();
        _clock.TryAdvanceToNextTimer().ShouldBeFalse();
        _clock.Elapsed.ShouldBe(7 * Second);
    }

    [Fact]
    public void A_timer_that_is_due_at_once_waits_for_the_clock_to_be_moved()
    {
        using var timer = Timer("now", 0);
        _fired.ShouldBeEmpty();
        _clock.Advance(TimeSpan.Zero);
        _fired.ShouldBe([("now", TimeSpan.Zero)]);
    }

    [Fact]
    public void A_callback_runs_in_the_execution_context_its_timer_was_made_in()
    {
        var ambient = new AsyncLocal<string> { Value = "when made" };
        string? seen = null;
        using var timer = _clock.CreateTimer(_ => seen = ambient.Value, null, Second, Timeout.InfiniteTimeSpan);
        ambient.Value = "when moved";
        _clock.Advance(Second);
        seen.ShouldBe("when made");
    }

    [Fact]
    public void What_the_system_clock_refuses_is_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => _clock.Advance(TimeSpan.FromTicks(-1)));
        Should.Throw<ArgumentOutOfRangeException>(() => _clock.Advance(TimeSpan.MaxValue));
        Should.Throw<ArgumentOutOfRangeException>(() => Timer("negative", -2));
        Should.Throw<ArgumentOutOfRangeException>(() => Timer("period", 1, period: -2));
        Should.Throw<ArgumentOutOfRangeException>(() => Timer("far", 60L * 24 * 60 * 60));
        _clock.ShouldHaveNoTimers();
    }

    [Fact]
    public async Task The_timers_of_the_framework_run_on_it()
    {
        using var timeout = new CancellationTokenSource(3 * Second, _clock);
        using var ticks = new PeriodicTimer(2 * Second, _clock);
        var delay = Task.Delay(Second, _clock, TestContext.Current.CancellationToken);
        var tick = ticks.WaitForNextTickAsync(TestContext.Current.CancellationToken);

        _clock.Advance(Second);
        delay.IsCompletedSuccessfully.ShouldBeTrue();
        tick.IsCompleted.ShouldBeFalse();
        _clock.Advance(Second);
        (await tick).ShouldBeTrue();
        timeout.IsCancellationRequested.ShouldBeFalse();
        _clock.Advance(Second);
        timeout.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public void Timers_that_are_left_are_listed()
    {
        using var beat = Timer("beat", 1, period: 30);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(500), _clock);
        var message = Should.Throw<ResilienceAssertionException>(() => _clock.ShouldHaveNoTimers()).Message;
        message.ShouldContain("2 are set");
        message.ShouldContain("due in 500 ms, set by System.Threading.CancellationTokenSource");
        message.ShouldContain("due in 1000 ms, then every 30000 ms");

        timeout.Dispose();
        beat.Dispose();
        _clock.ShouldHaveNoTimers().ShouldBeSameAs(_clock);
    }

    private ITimer Timer(string name, long due, long period = -1) => _clock.CreateTimer(
        _ => _fired.Add((name, _clock.Elapsed)), null, SecondsOrInfinite(due), SecondsOrInfinite(period));

    private static TimeSpan SecondsOrInfinite(long seconds) => seconds == -1 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);
}
