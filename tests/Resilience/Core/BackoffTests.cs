using CsCheck;

namespace Resilience.Tests.Core;

public sealed class BackoffTests
{
    private static readonly Gen<TimeSpan> Delays = Gen.Long[0, TimeSpan.MaxValue.Ticks].Select(TimeSpan.FromTicks);
    private static readonly Gen<double> Randoms = Gen.Double[0, 0.999999999];

    [Theory]
    [InlineData(0, 100)]
    [InlineData(1, 200)]
    [InlineData(2, 400)]
    [InlineData(4, 1600)]
    [InlineData(5, 3000)]
    [InlineData(62, 3000)]
    [InlineData(int.MaxValue, 3000)]
    public void Exponential_doubles_until_the_cap(int attempt, int milliseconds) =>
        Backoff.Exponential(Backoff.DefaultBase, Backoff.DefaultMax, attempt).ShouldBe(TimeSpan.FromMilliseconds(milliseconds));

    [Fact]
    public void Exponential_never_exceeds_the_cap_nor_overflows() =>
        Gen.Select(Delays, Delays, Gen.Int[0, int.MaxValue]).Sample((first, max, attempt) =>
        {
            var delay = Backoff.Exponential(first, max, attempt);
            return delay >= TimeSpan.Zero && delay <= max;
        });

    [Fact]
    public void Exponential_agrees_with_unbounded_arithmetic() =>
        Gen.Select(Delays, Delays, Gen.Int[0, 100]).Sample((first, max, attempt) =>
            Backoff.Exponential(first, max, attempt).Ticks
                == (long)System.Numerics.BigInteger.Min(new System.Numerics.BigInteger(first.Ticks) << attempt, max.Ticks));

    [Fact]
    public void Exponential_never_shrinks_from_one_attempt_to_the_next() =>
        Gen.Select(Delays, Delays, Gen.Int[0, 100]).Sample((first, max, attempt) =>
            Backoff.Exponential(first, max, attempt + 1) >= Backoff.Exponential(first, max, attempt));

    [Fact]
    public void Jitter_adds_less_than_the_factor() =>
        Gen.Select(Gen.Long[0, TimeSpan.FromDays(1).Ticks], Gen.Double[0, 2], Randoms).Sample((ticks, factor, random) =>
        {
            var jittered = Backoff.WithJitter(TimeSpan.FromTicks(ticks), factor, random);
            return jittered.Ticks >= ticks && jittered.Ticks <= ticks * (1 + factor);
        });

    [Fact]
    public void Jitter_of_the_longest_delay_saturates() =>
        Backoff.WithJitter(TimeSpan.MaxValue, 1, 0.9).ShouldBe(TimeSpan.MaxValue);

    [Fact]
    public void Proportional_jitter_stays_between_0_8_and_1_2() =>
        Gen.Select(Gen.Long[0, TimeSpan.FromDays(1).Ticks], Randoms).Sample((ticks, random) =>
        {
            var jittered = Backoff.Proportional(TimeSpan.FromTicks(ticks), random).Ticks;
            return jittered >= (long)(ticks * 0.8) - 1 && jittered <= ticks * 1.2;
        });

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void A_random_number_outside_its_range_is_refused(double random)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.Proportional(TimeSpan.FromSeconds(1), random));
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.WithJitter(TimeSpan.FromSeconds(1), 0.3, random));
    }

    [Fact]
    public void Negative_arguments_are_refused()
    {
        var negative = TimeSpan.FromTicks(-1);
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.Exponential(negative, TimeSpan.Zero, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.Exponential(TimeSpan.Zero, negative, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.Exponential(TimeSpan.Zero, TimeSpan.Zero, -1));
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.WithJitter(negative, 0.3, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.WithJitter(TimeSpan.Zero, -0.3, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.WithJitter(TimeSpan.Zero, double.NaN, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => Backoff.Proportional(negative, 0));
    }

    [Fact]
    public void The_named_strategies_wait_as_documented()
    {
        Delays0(RetryStrategy.Fixed).ShouldBe([100, 100, 100]);
        Delays0(RetryStrategy.Exponential).ShouldBe([200, 400, 800]);
        Delays0(RetryStrategy.Randomised).ShouldBe([160, 320, 640]);

        static IEnumerable<double> Delays0(RetryStrategy strategy) =>
            Enumerable.Range(0, strategy.MaxRetries).Select(retry => strategy.DelayBefore(retry, 0).TotalMilliseconds);
    }
}
