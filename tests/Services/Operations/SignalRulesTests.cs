namespace Services.Tests.Operations;

/// <summary>What the recording rules' values say of a service, and what they do not.</summary>
public sealed class SignalRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, double> Known = new()
    {
        ["service:signal_instances:up"] = 2,
        ["service:signal_rate:5m"] = 20,
        ["service:signal_slope:3m"] = -0.5,
        ["service:signal_scraped:3m"] = 1,
        ["service:signal_p99_seconds:2m"] = 2.475,
        ["service:signal_requests:2m"] = 2400.4,
        ["service:signal_slow:2m"] = 23.6,
        ["service:signal_slow_slices:2m"] = 20,
        ["service:signal_error_ratio:1m"] = 0.1,
        ["service:signal_requests:1m"] = 1200,
        ["service:signal_failures:1m"] = 120,
        ["service:signal_failed_slices:1m"] = 19,
        ["service:signal_changes:2m"] = 0,
    };

    [Fact]
    public void All_of_it_is_a_reading()
    {
        var reading = Read(Known);
        (reading.Problem, reading.IsSteady, reading.P99, reading.ErrorRatio).ShouldBe((null, true, 2.475, 0.1));
        var signals = reading.Evidence;
        (signals.All.Requests, signals.All.Failures, signals.All.FailedSlices).ShouldBe((1200, 120, 19));
        (signals.Timed.Requests, signals.Timed.Slow, signals.Timed.SlowSlices, signals.Timed.P99).ShouldBe((2400, 24, 20, TimeSpan.FromSeconds(2.475)));
        (signals.Rate, signals.Slope).ShouldBe((20, -0.5));
        signals.SlopeNoise.ShouldBe(Math.Sqrt(2 * 20 * 1.2 / 180) / 300, 1e-9);
    }

    [Theory]
    [InlineData("service:signal_requests:1m")]
    [InlineData("service:signal_failures:1m")]
    [InlineData("service:signal_requests:2m")]
    [InlineData("service:signal_slow:2m")]
    [InlineData("service:signal_changes:2m")]
    [InlineData("service:signal_instances:up")]
    public void Without_a_sample_nothing_is_known(string rule)
    {
        Read(Known.Where(one => one.Key != rule)).Problem.ShouldBe($"{rule}: there are no data");
        Read(With(rule, double.NaN)).Problem.ShouldBe($"{rule}: the value is NaN");
        Read(With(rule, double.PositiveInfinity)).Problem!.ShouldStartWith($"{rule}: the value is ");
    }

    [Fact]
    public void What_is_old_is_not_known()
    {
        var reading = Read(Known, TimeSpan.FromSeconds(6));
        (reading.Problem, reading.Evidence.All.Requests).ShouldBe(("service:signal_instances:up: the last sample is 6 s old", 0));
    }

    [Fact]
    public void Of_a_service_that_nobody_scrapes_nothing_is_known() => Read(With("service:signal_instances:up", 0)).Problem.ShouldBe("no instance answers");

    [Fact]
    public void Nothing_that_failed_or_was_slow_has_no_slices()
    {
        var reading = Read(Known.Where(one => !one.Key.Contains("slices", StringComparison.Ordinal)));
        (reading.Problem, reading.Evidence.All.FailedSlices, reading.Evidence.Timed.SlowSlices).ShouldBe((null, 0, 0));
    }

    [Fact]
    public void Without_requests_the_ratios_are_not_known_and_all_else_is()
    {
        var reading = Read(Known.Select(one => KeyValuePair.Create(
            one.Key, one.Key.Contains("p99", StringComparison.Ordinal) || one.Key.Contains("ratio", StringComparison.Ordinal) ? double.NaN : one.Key.Contains("instances", StringComparison.Ordinal) ? 1 : 0)));
        (reading.Problem, reading.P99, reading.ErrorRatio, reading.Evidence.All.Requests).ShouldBe((null, null, null, 0));
    }

    [Fact]
    public void The_slope_is_not_known_while_an_instance_was_not_scraped() => Read(With("service:signal_scraped:3m", 0)).Evidence.Slope.ShouldBeNull();

    [Fact]
    public void Two_ways_of_serving_in_one_window_are_no_evidence()
    {
        var reading = Read(With("service:signal_changes:2m", 1));
        (reading.Problem, reading.IsSteady, reading.Evidence, reading.Signals.All.Requests).ShouldBe((null, false, default, 1200));
    }

    [Fact]
    public void A_service_that_Prometheus_does_not_know_is_unknown() =>
        SignalRules.Read(Answer(Known, TimeSpan.Zero), ["payments"])["payments"].Problem.ShouldBe("service:signal_instances:up: there are no data");

    [Fact]
    public void Without_an_answer_nothing_is_known_of_anybody() =>
        SignalRules.Read(new PrometheusAnswer("q", PrometheusOutcome.Unreachable, [], Now, "gone"), ["orders"])["orders"].Problem.ShouldBe("gone");

    [Fact]
    public void The_normal_way_is_added_up()
    {
        var sample = SignalRules.ReadNormalWay(Answer([Of("false", "false", 90.2), Of("true", "false", 5), Of("true", "true", 3), Of("false", "true", 2)]));
        (sample!.Value.Requests, sample.Value.Failures, sample.Value.Slow).ShouldBe((100, 8, 5));
        SignalRules.ReadNormalWay(Answer([])).ShouldNotBeNull().Requests.ShouldBe(0);
        SignalRules.ReadNormalWay(Answer([Of("false", "false", double.NaN)])).ShouldBeNull();
        SignalRules.ReadNormalWay(new PrometheusAnswer("q", PrometheusOutcome.Unreachable, [], Now, "gone")).ShouldBeNull();

        static PrometheusSample Of(string failed, string slow, double value) => new(new Dictionary<string, string> { ["failed"] = failed, ["slow"] = slow }, value, Now);

        static PrometheusAnswer Answer(PrometheusSample[] samples) =>
            new("q", samples.Length == 0 ? PrometheusOutcome.NoData : PrometheusOutcome.Samples, samples, Now, samples.Length == 0 ? "there are no data" : null);
    }

    [Fact]
    public void Every_rule_that_is_read_is_in_the_shipped_file()
    {
        var text = File.ReadAllText(ShippedRules.Path);
        foreach (var rule in Known.Keys)
        {
            text.ShouldContain($"- record: {rule}\n");
        }

        text.Split("- record: ").Length.ShouldBe(Known.Count + 1, "a rule that nobody reads");
    }

    private static IEnumerable<KeyValuePair<string, double>> With(string rule, double value) => Known.Where(one => one.Key != rule).Append(KeyValuePair.Create(rule, value));

    private static FleetReading Read(IEnumerable<KeyValuePair<string, double>> values, TimeSpan age = default) => SignalRules.Read(Answer(values, age), ["orders"])["orders"];

    private static PrometheusAnswer Answer(IEnumerable<KeyValuePair<string, double>> values, TimeSpan age) => new(
        SignalRules.All,
        PrometheusOutcome.Samples,
        [.. values.Select(one => new PrometheusSample(new Dictionary<string, string> { ["__name__"] = one.Key, ["service"] = "orders" }, one.Value, Now - age))],
        Now,
        null);
}
