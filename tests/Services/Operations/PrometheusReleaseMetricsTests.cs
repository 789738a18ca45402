namespace Services.Tests.Operations;

/// <summary>What the gate makes of what Prometheus answers, and of what it does not.</summary>
public sealed class PrometheusReleaseMetricsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_releases_are_read_with_what_was_asked()
    {
        var prometheus = new Fake
        {
            Checks =
            [
                Check("stable", "success", "pass", 699.6), Check("stable", "success", "fail", 0.4), Check("canary", "success", "pass", 298.9), Check("canary", "success", "fail", 1.02),
                Check("canary", "shape", "pass", 299), Check("canary", "shape", "fail", 0),
            ],
            Latencies = [Bucket("stable", "0.1", 600), Bucket("stable", "+Inf", 700), Bucket("canary", "0.1", 250.2), Bucket("canary", "0.2", 250.1), Bucket("canary", "+Inf", 300)],
        };

        var evidence = await new PrometheusReleaseMetrics(prometheus.QueryAsync).ReadAsync("payments", TimeSpan.FromSeconds(90.7), Cancel);

        evidence.Missing.ShouldBeNull();
        evidence.Stable!.Checks["success"].ShouldBe(new CheckCounts(700, 0));
        evidence.Canary!.Checks["success"].ShouldBe(new CheckCounts(299, 1));
        evidence.Canary.Checks["shape"].ShouldBe(new CheckCounts(299, 0));
        evidence.Canary.Latencies.Counts.ShouldBe([250, 250, 300], "what one bucket has the next has too");
        evidence.Queries["p95"].ShouldBe("sum by (channel, le) (increase(resilience_release_call_duration_seconds_bucket{dependency=\"payments\"}[90s]))");
        evidence.Queries["shape"].ShouldBe(evidence.Queries["success"]);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public async Task What_is_no_number_is_no_evidence(double value)
    {
        var prometheus = new Fake { Checks = [Check("stable", "success", "pass", 700), Check("canary", "success", "pass", value)] };
        var evidence = await new PrometheusReleaseMetrics(prometheus.QueryAsync).ReadAsync("payments", TimeSpan.FromMinutes(1), Cancel);
        (evidence.Stable, evidence.Canary, evidence.Missing).ShouldBe((null, null, "Prometheus answers with what is no number"));
    }

    [Fact]
    public async Task A_release_without_calls_is_missing_and_not_perfect()
    {
        var prometheus = new Fake { Checks = [Check("stable", "success", "pass", 700), Check("canary", "success", "pass", 0), Check("canary", "success", "fail", 0)] };
        var evidence = await new PrometheusReleaseMetrics(prometheus.QueryAsync).ReadAsync("payments", TimeSpan.FromMinutes(1), Cancel);
        (evidence.Canary, evidence.Missing).ShouldBe((null, "Prometheus knows of no calls to the canary yet"));
    }

    [Fact]
    public async Task A_step_that_has_just_begun_is_not_asked_for()
    {
        var prometheus = new Fake();
        (await new PrometheusReleaseMetrics(prometheus.QueryAsync).ReadAsync("payments", TimeSpan.FromSeconds(1), Cancel)).Missing.ShouldBe("the step has only just begun");
        prometheus.Asked.ShouldBe(0);
    }

    [Theory]
    [InlineData(PrometheusOutcome.Unreachable)]
    [InlineData(PrometheusOutcome.Refused)]
    public async Task What_Prometheus_does_not_answer_is_no_evidence(PrometheusOutcome outcome)
    {
        var evidence = await new PrometheusReleaseMetrics((query, _) => Task.FromResult(new PrometheusAnswer(query, outcome, [], DateTimeOffset.UnixEpoch, "it is away")))
            .ReadAsync("payments", TimeSpan.FromMinutes(1), Cancel);
        (evidence.Stable, evidence.Canary, evidence.Missing).ShouldBe((null, null, "it is away"));
    }

    [Fact]
    public async Task Without_Prometheus_it_says_so() =>
        (await new PrometheusReleaseMetrics(null).ReadAsync("payments", TimeSpan.FromMinutes(1), Cancel)).Missing.ShouldBe("there is no Prometheus: the connection string prometheus is not set");

    private static PrometheusSample Check(string channel, string check, string result, double value) =>
        new(new Dictionary<string, string> { ["channel"] = channel, ["check"] = check, ["result"] = result }, value, DateTimeOffset.UnixEpoch);

    private static PrometheusSample Bucket(string channel, string bound, double value) => new(new Dictionary<string, string> { ["channel"] = channel, ["le"] = bound }, value, DateTimeOffset.UnixEpoch);

    private sealed class Fake
    {
        public IReadOnlyList<PrometheusSample> Checks { get; init; } = [];

        public IReadOnlyList<PrometheusSample> Latencies { get; init; } = [];

        public int Asked { get; private set; }

        public Task<PrometheusAnswer> QueryAsync(string query, CancellationToken cancellationToken)
        {
            Asked++;
            var samples = query.Contains("bucket", StringComparison.Ordinal) ? Latencies : Checks;
            return Task.FromResult(new PrometheusAnswer(query, samples.Count == 0 ? PrometheusOutcome.NoData : PrometheusOutcome.Samples, samples, DateTimeOffset.UnixEpoch, null));
        }
    }
}
