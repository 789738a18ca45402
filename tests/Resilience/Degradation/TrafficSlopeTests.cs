using CsCheck;

namespace Resilience.Tests.Degradation;

public sealed class TrafficSlopeTests
{
    [Fact]
    public void A_steady_rate_has_no_slope()
    {
        var slope = New(rate: 10, over: 20);
        Feed(slope, Enumerable.Repeat(50L, 100));
        (slope.Rate, slope.Current).ShouldBe((50, 0));
    }

    [Fact]
    public void A_rate_that_changes_by_so_much_a_second_has_that_slope() =>
        Gen.Select(Gen.Int[-9, 9], Gen.Int[1, 60], Gen.Int[10, 60]).Sample((change, rate, over) =>
        {
            var slope = New(rate, over);
            Feed(slope, Enumerable.Range(0, rate + over + 20).Select(second => 2000L + (change * second)));
            slope.Current.ShouldNotBeNull().ShouldBe(change, 1e-9);
        });

    [Fact]
    public void It_is_what_least_squares_make_of_the_rates() =>
        Gen.Select(Gen.Int[1, 30], Gen.Int[10, 30], Gen.Long[0, 1000].Array[80]).Sample((rate, over, seconds) =>
        {
            var slope = New(rate, over);
            Feed(slope, seconds);
            double[] rates = [.. Enumerable.Range(seconds.Length - over, over).Select(end => seconds.Skip(end + 1 - rate).Take(rate).Sum() / (double)rate)];
            var (x, y) = ((over - 1) / 2.0, rates.Average());
            var expected = rates.Select((value, index) => (index - x) * (value - y)).Sum() / rates.Select((_, index) => (index - x) * (index - x)).Sum();
            slope.Current.ShouldNotBeNull().ShouldBe(expected, 1e-6);
        });

    [Fact]
    public void Nothing_is_known_before_a_rate_and_ten_points_are()
    {
        var slope = New(rate: 5, over: 20);
        Feed(slope, Enumerable.Repeat(1L, 4));
        slope.Rate.ShouldBeNull();
        Feed(slope, Enumerable.Repeat(1L, 9));
        (slope.Rate, slope.Current).ShouldBe((1, null));
        Feed(slope, [1L]);
        slope.Current.ShouldBe(0);
    }

    /// <summary>Every case is a service of its own whose requests come at random; together their slopes scatter as much as is said of each.</summary>
    [Theory]
    [InlineData(50, 10, 10)]
    [InlineData(400, 60, 30)]
    public void Chance_alone_scatters_the_slope_as_much_as_the_noise_says(int requests, int rate, int over)
    {
        var random = new Random(7);
        var squares = 0.0;
        const int Services = 1500;
        for (var service = 0; service < Services; service++)
        {
            var slope = New(rate, over);
            Feed(slope, Enumerable.Range(0, rate + over + 1).Select(_ => Poisson(random, requests)));
            squares += slope.Current!.Value * slope.Current.Value;
        }

        Math.Sqrt(squares / Services).ShouldBe(Noise(requests, rate, over), 0.15 * Noise(requests, rate, over));
    }

    [Fact]
    public void Lengths_that_make_no_slope_are_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => New(rate: 0, over: 20)).ParamName.ShouldBe("rate");
        Should.Throw<ArgumentOutOfRangeException>(() => New(rate: 5, over: 9)).ParamName.ShouldBe("slope");
    }

    private static double Noise(int requests, int rate, int over)
    {
        var slope = New(rate, over);
        Feed(slope, Enumerable.Repeat((long)requests, rate + over));
        return slope.Noise;
    }

    private static long Poisson(Random random, double mean)
    {
        // Of many, nearly normal: Box and Muller, 1958.
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return Math.Max(0, (long)Math.Round(mean + (Math.Sqrt(mean) * normal)));
    }

    private static TrafficSlope New(int rate, int over) => new(TimeSpan.FromSeconds(rate), TimeSpan.FromSeconds(over));

    private static void Feed(TrafficSlope slope, IEnumerable<long> seconds)
    {
        foreach (var second in seconds)
        {
            slope.AddSecond(second);
        }
    }
}
