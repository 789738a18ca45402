using System.Globalization;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Resilience.Tests.Core;

public sealed class DeadlineTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Time_runs_out()
    {
        var deadline = Deadline.After(TimeSpan.FromMilliseconds(500), _time);
        deadline.Remaining.ShouldBe(TimeSpan.FromMilliseconds(500));

        _time.Advance(TimeSpan.FromMilliseconds(499));
        deadline.Remaining.ShouldBe(TimeSpan.FromMilliseconds(1));
        deadline.HasExpired.ShouldBeFalse();

        _time.Advance(TimeSpan.FromMilliseconds(1));
        deadline.HasExpired.ShouldBeTrue();

        _time.Advance(TimeSpan.FromDays(1));
        deadline.Remaining.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_changed_wall_clock_changes_nothing()
    {
        var clock = new ChangeableWallClock();
        var deadline = Deadline.After(TimeSpan.FromHours(1), clock);
        clock.UtcNow = clock.UtcNow.AddDays(1);
        deadline.HasExpired.ShouldBeFalse();
    }

    [Fact]
    public void Without_a_deadline_time_never_runs_out()
    {
        Deadline.None.IsNone.ShouldBeTrue();
        Deadline.None.HasExpired.ShouldBeFalse();
        Deadline.None.ToHeaderValue().ShouldBeNull();
        Deadline.None.Less(TimeSpan.FromDays(1)).ShouldBe(Deadline.None);
        default(Deadline).ShouldBe(Deadline.None);
    }

    [Fact]
    public void Any_budget_is_possible() =>
        Gen.Long[0, TimeSpan.MaxValue.Ticks].Sample(ticks =>
        {
            var remaining = Deadline.After(TimeSpan.FromTicks(ticks), _time).Remaining;
            return remaining >= TimeSpan.Zero && remaining <= TimeSpan.FromTicks(ticks) + TimeSpan.FromDays(400);
        });

    [Fact]
    public void A_negative_budget_is_refused() =>
        Should.Throw<ArgumentOutOfRangeException>(() => Deadline.After(TimeSpan.FromTicks(-1), _time));

    [Fact]
    public void What_is_sent_is_what_is_read() =>
        Gen.Int[0, 3_600_000].Sample(milliseconds =>
            Deadline.TryParse(milliseconds.ToString(CultureInfo.InvariantCulture), _time, out var deadline)
            && deadline.ToHeaderValue() == milliseconds.ToString(CultureInfo.InvariantCulture));

    [Fact]
    public void A_part_of_a_millisecond_is_not_promised_to_the_callee() =>
        Deadline.After(TimeSpan.FromMicroseconds(1999), _time).ToHeaderValue().ShouldBe("1");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" 5")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    [InlineData("soon")]
    [InlineData("3600001")]
    [InlineData("99999999999999999999")]
    [InlineData("\u0661")]
    public void Anything_but_a_plain_number_within_an_hour_is_not_accepted(string? text)
    {
        Deadline.TryParse(text, _time, out var deadline).ShouldBeFalse();
        deadline.IsNone.ShouldBeTrue();
    }

    [Fact]
    public void A_spent_deadline_is_read_as_expired()
    {
        Deadline.TryParse("0", _time, out var deadline).ShouldBeTrue();
        deadline.HasExpired.ShouldBeTrue();
    }

    [Fact]
    public void A_reserve_is_kept_back()
    {
        var deadline = Deadline.After(TimeSpan.FromMilliseconds(100), _time);
        deadline.Less(TimeSpan.FromMilliseconds(40)).Remaining.ShouldBe(TimeSpan.FromMilliseconds(60));
        deadline.Less(TimeSpan.FromMilliseconds(400)).HasExpired.ShouldBeTrue();
    }

    [Fact]
    public void Deadlines_of_one_clock_compare_by_their_moment()
    {
        var first = Deadline.After(TimeSpan.FromSeconds(1), _time);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        (first == Deadline.After(TimeSpan.FromMilliseconds(500), _time)).ShouldBeTrue();
        (first != Deadline.After(TimeSpan.FromMilliseconds(501), _time)).ShouldBeTrue();
        first.ToString().ShouldBe("500 ms left");
    }

    private sealed class ChangeableWallClock : TimeProvider
    {
        public DateTimeOffset UtcNow { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => UtcNow;
    }
}
