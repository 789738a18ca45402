using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Tests.Prometheus;

/// <summary>What the client makes of Prometheus's answers, and of none.</summary>
public sealed class PrometheusClientTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static long Seconds => Now.ToUnixTimeSeconds();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_vector_has_labels_values_and_the_time_of_the_evaluation()
    {
        var answer = await AskAsync(Success("vector", $$"""{"metric":{"__name__":"up","service":"orders"},"value":[{{Seconds}}.5,"0.25"]},{"metric":{},"value":[{{Seconds}},"1e-3"]}"""));

        (answer.Outcome, answer.Problem, answer.At).ShouldBe((PrometheusOutcome.Samples, null, Now));
        answer.Samples.Select(sample => (sample["__name__"], sample["service"], sample.Value, sample.Time)).ShouldBe(
            [("up", "orders", 0.25, Now.AddSeconds(0.5)), ("", "", 0.001, Now)]);
    }

    [Fact]
    public async Task Of_a_range_the_newest_sample_counts_with_its_own_time()
    {
        var answer = await AskAsync(Success("matrix", $$"""{"metric":{"service":"orders"},"values":[[{{Seconds - 9}},"1"],[{{Seconds - 7}},"2"]]}"""));

        answer.Only().ShouldBe(new PrometheusValue(PrometheusQuality.Number, 2, null));
        answer.Only(TimeSpan.FromSeconds(7)).Quality.ShouldBe(PrometheusQuality.Number);
        answer.Only(TimeSpan.FromSeconds(6)).ShouldBe(new PrometheusValue(PrometheusQuality.Stale, null, "the last sample is 7 s old"));
    }

    [Fact]
    public async Task A_scalar_is_a_sample_without_labels() =>
        (await AskAsync($$$"""{"status":"success","data":{"resultType":"scalar","result":[{{{Seconds}}},"42"]}}""")).Only().Value.ShouldBe(42);

    [Theory]
    [InlineData("NaN")]
    [InlineData("+Inf")]
    [InlineData("-Inf")]
    public async Task What_is_no_number_is_no_value(string value)
    {
        var answer = await AskAsync(Success("vector", $$"""{"metric":{},"value":[{{Seconds}},"{{value}}"]}"""));
        answer.Outcome.ShouldBe(PrometheusOutcome.Samples);
        answer.Only().ShouldSatisfyAllConditions(only => only.Quality.ShouldBe(PrometheusQuality.NotANumber), only => only.Value.ShouldBeNull());
    }

    [Theory]
    [InlineData("vector")]
    [InlineData("matrix")]
    public async Task Nothing_is_no_zero(string type)
    {
        var answer = await AskAsync(Success(type, ""));
        (answer.Outcome, answer.Only()).ShouldBe((PrometheusOutcome.NoData, new PrometheusValue(PrometheusQuality.NoData, null, "there are no data")));
    }

    [Fact]
    public async Task Several_series_are_no_single_number() => (await AskAsync(Success("vector", $$"""{"metric":{},"value":[{{Seconds}},"1"]},{"metric":{"a":"b"},"value":[{{Seconds}},"2"]}""")))
        .Only().ShouldBe(new PrometheusValue(PrometheusQuality.Failed, null, "the query gives 2 series, not one"));

    [Theory]
    [InlineData(400, "bad_data", PrometheusOutcome.Refused)]
    [InlineData(422, "execution", PrometheusOutcome.Refused)]
    [InlineData(503, "timeout", PrometheusOutcome.Unreachable)]
    [InlineData(500, "internal", PrometheusOutcome.Unreachable)]
    public async Task A_query_that_is_wrong_is_told_from_a_server_that_cannot(int status, string type, PrometheusOutcome outcome)
    {
        var answer = await AskAsync($$"""{"status":"error","errorType":"{{type}}","error":"so it is"}""", status);
        (answer.Outcome, answer.Problem, answer.Only().Quality).ShouldBe((outcome, $"Prometheus refused the query ({type}): so it is", PrometheusQuality.Failed));
    }

    [Theory]
    [InlineData(200, "<html>", "Prometheus answered 200, and it is no JSON")]
    [InlineData(502, "", "Prometheus answered 502, and it is no JSON")]
    [InlineData(200, "[]", "Prometheus answered 200, and it is no answer of Prometheus's API")]
    [InlineData(200, """{"status":"success","data":{"resultType":"string","result":[1,"a"]}}""", "Prometheus answered 200, and it is a string, which has no numbers")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}""", "Prometheus answered 200, and a series of it has no samples")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[7]}}""", "Prometheus answered 200, and a series of it has no samples")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"many"]}]}}""", "Prometheus answered 200, and 'many' is no value of a sample")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[["1","1"]]}]}}""", "Prometheus answered 200, and a sample of it has no time")]
    public async Task What_cannot_be_understood_is_as_no_answer(int status, string body, string problem)
    {
        var answer = await AskAsync(body, status);
        (answer.Outcome, answer.Problem).ShouldBe((PrometheusOutcome.Unreachable, problem));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_answer_too()
    {
        var answer = await AskAsync(_ => throw new HttpRequestException("Connection refused"));
        answer.Outcome.ShouldBe(PrometheusOutcome.Unreachable);
        answer.Problem!.ShouldStartWith("Prometheus did not answer: ");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_waited_for_as_long_as_the_policy_says()
    {
        var clock = new VirtualClock();
        await clock.RunAsync(async () =>
        {
            var before = clock.GetTimestamp();
            await using var services = Services(
                async request =>
                {
                    await Task.Delay(TimeSpan.FromMinutes(1), clock, Cancel);
                    return new HttpResponseMessage();
                },
                clock,
                policy => policy with { Total = TimeSpan.FromMilliseconds(900) });
            var answer = await services.GetRequiredService<PrometheusClient>().QueryAsync("up", Cancel);
            answer.Outcome.ShouldBe(PrometheusOutcome.Unreachable);
            clock.GetElapsedTime(before).ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(900));
        });
    }

    [Fact]
    public async Task A_caller_that_gives_up_gets_no_answer()
    {
        using var giving = new CancellationTokenSource();
        await using var services = Services(async request =>
        {
            await giving.CancelAsync();
            giving.Token.ThrowIfCancellationRequested();
            return new HttpResponseMessage();
        });
        await Should.ThrowAsync<OperationCanceledException>(() => services.GetRequiredService<PrometheusClient>().QueryAsync("up", giving.Token));
    }

    [Fact]
    public async Task The_query_is_asked_as_it_is_below_the_address_and_once()
    {
        var asked = new List<string>();
        await AskAsync(request =>
        {
            asked.Add($"{request.Method} {request.RequestUri}");
            return Answer(Success("vector", ""), 200);
        });
        asked.ShouldHaveSingleItem().ShouldBe("GET http://prometheus.test/under/api/v1/query?query=up{a%3D\"b %2B c\"}");
    }

    [Theory]
    [InlineData("prometheus:9090")]
    [InlineData("/metrics")]
    [InlineData("ftp://prometheus")]
    public void An_address_that_is_none_is_refused_at_once(string address) =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddPrometheusClient(address)).Message.ShouldContain($"The address of Prometheus is '{address}'; it must be an http or https URL.");

    private static string Success(string type, string series) => $$$"""{"status":"success","data":{"resultType":"{{{type}}}","result":[{{{series}}}]}}""";

    private static HttpResponseMessage Answer(string body, int status) => new((HttpStatusCode)status)
    {
        Content = new StringContent(body, Encoding.UTF8, "application/json"),
        Headers = { Date = Now },
    };

    private static Task<PrometheusAnswer> AskAsync(string body, int status = 200) => AskAsync(_ => Answer(body, status));

    private static async Task<PrometheusAnswer> AskAsync(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        await using var services = Services(request => Task.FromResult(answer(request)));
        return await services.GetRequiredService<PrometheusClient>().QueryAsync("""up{a="b + c"}""", Cancel);
    }

    private static ServiceProvider Services(
        Func<HttpRequestMessage, Task<HttpResponseMessage>> answer, TimeProvider? time = null, Func<DependencyPolicy, DependencyPolicy>? policy = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(time ?? TimeProvider.System);
        services.ConfigureDependency(PrometheusClient.Dependency, policy ?? (plain => plain with { L2 = plain.L2 with { MaxAttempts = 1 } }));
        services.AddPrometheusClient("http://prometheus.test/under/");
        services.AddHttpClient(PrometheusClient.Dependency).ConfigurePrimaryHttpMessageHandler(() => new Handler(answer));
        return services.BuildServiceProvider();
    }

    private sealed class Handler(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(request).WaitAsync(cancellationToken);
    }
}
