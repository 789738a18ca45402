using CsCheck;

namespace Resilience.Tests.Deadlines;

public sealed class CallContextTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void Outside_a_request_there_is_none()
    {
        CallContext.Current.ShouldBeSameAs(CallContext.None);
        Deadline.Current.IsNone.ShouldBeTrue();
    }

    [Fact]
    public void Scopes_nest_and_put_back_what_was_current()
    {
        var outer = new CallContext { CallerAttempt = 1 };
        var inner = new CallContext { CallerAttempt = 2 };
        using (CallContext.Use(outer))
        {
            using (CallContext.Use(inner))
            {
                CallContext.Current.ShouldBeSameAs(inner);
            }

            CallContext.Current.ShouldBeSameAs(outer);
        }

        CallContext.Current.ShouldBeSameAs(CallContext.None);
    }

    [Fact]
    public async Task The_context_flows_over_await_and_into_tasks_but_not_out_of_them()
    {
        var context = new CallContext { CallerAttempt = 3 };
        using (CallContext.Use(context))
        {
            await Task.Yield();
            CallContext.Current.ShouldBeSameAs(context);
            await Task.Run(
                () =>
                {
                    CallContext.Current.ShouldBeSameAs(context);
                    CallContext.Use(CallContext.None);
                },
                TestContext.Current.CancellationToken);
            CallContext.Current.ShouldBeSameAs(context);
        }

        await Task.Yield();
        CallContext.Current.ShouldBeSameAs(CallContext.None);
    }

    [Fact]
    public void A_deadline_within_a_request_keeps_the_rest_of_its_context()
    {
        using var request = CallContext.Use(new CallContext { CallerAttempt = 2, Channel = ReleaseChannel.Canary });
        using var own = CallContext.UseDeadline(After(100));
        (CallContext.Current.CallerAttempt, CallContext.Current.Channel).ShouldBe((2, ReleaseChannel.Canary));
        Deadline.Current.Remaining.ShouldBe(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void A_scope_can_shorten_the_time_but_not_lengthen_it()
    {
        using var request = CallContext.UseDeadline(After(100));
        using (CallContext.UseDeadline(After(500)))
        {
            Deadline.Current.ShouldBe(After(100));
        }

        using (CallContext.UseDeadline(After(50)))
        {
            Deadline.Current.ShouldBe(After(50));
        }

        using (CallContext.UseDeadline(Deadline.None))
        {
            Deadline.Current.ShouldBe(After(100));
        }
    }

    [Fact]
    public void The_earlier_of_two_deadlines_is_the_one_with_less_time() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 100_000]).Sample((one, other) =>
        {
            var expected = TimeSpan.FromMilliseconds(Math.Min(one, other));
            Deadline.Earlier(After(one), After(other)).Remaining.ShouldBe(expected);
            Deadline.Earlier(After(one), Deadline.After(TimeSpan.FromMilliseconds(other), new VirtualClock())).Remaining.ShouldBe(expected);
        });

    [Fact]
    public void No_deadline_is_later_than_any()
    {
        Deadline.Earlier(Deadline.None, After(5)).ShouldBe(After(5));
        Deadline.Earlier(After(5), Deadline.None).ShouldBe(After(5));
        Deadline.Earlier(Deadline.None, Deadline.None).IsNone.ShouldBeTrue();
    }

    [Fact]
    public void A_deadline_of_another_clock_that_is_far_away_does_not_expire_now()
    {
        var far = Deadline.After(TimeSpan.MaxValue, new VirtualClock());
        far.ExpiresAt(TimeProvider.System, long.MaxValue / 2).ShouldBeGreaterThan(long.MaxValue / 2);
        far.ExpiresAt(_clock, _clock.GetTimestamp()).ShouldBeGreaterThan(_clock.GetTimestamp());
        Deadline.None.ExpiresAt(_clock, 0).ShouldBe(long.MaxValue);
    }

    private Deadline After(double ms) => Deadline.After(TimeSpan.FromMilliseconds(ms), _clock);
}
