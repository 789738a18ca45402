using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Resilience.Tests.Testing;

public sealed class ScriptedDependencyTests : IDisposable
{
    private static readonly Uri Address = new("http://stock/items/1");
    private readonly VirtualClock _clock = new();
    private readonly ScriptedDependency _dependency;
    private readonly HttpClient _client;

    public ScriptedDependencyTests()
    {
        _dependency = new ScriptedDependency(_clock);
        _client = new HttpClient(_dependency) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task It_answers_as_its_script_says_and_200_afterwards()
    {
        _dependency.Answer(HttpStatusCode.ServiceUnavailable).Answer(404).Times(2).Answer(200, body: "three left");
        (await StatusAsync()).ShouldBe(503);
        (await StatusAsync()).ShouldBe(404);
        (await StatusAsync()).ShouldBe(404);
        using var response = await GetAsync();
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("three left");
        response.RequestMessage!.RequestUri.ShouldBe(Address);
        (await StatusAsync()).ShouldBe(200);
        _dependency.Attempts.Select(attempt => attempt.Outcome).ShouldBe(["503 Service Unavailable", "404 Not Found", "404 Not Found", "200 OK", "200 OK"]);
        _dependency.Effects.ShouldBe(2);
    }

    [Fact]
    public async Task A_refusal_can_tell_when_to_come_back_and_why()
    {
        _dependency.Answer(503, retryAfter: TimeSpan.FromSeconds(1.5), code: "BUSY");
        using var response = await GetAsync();
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        problem.GetProperty("code").GetString().ShouldBe("BUSY");
        problem.GetProperty("status").GetInt32().ShouldBe(503);
        Should.Throw<ArgumentException>(() => _dependency.Answer(503, code: "BUSY", body: "busy"));
    }

    [Fact]
    public async Task An_answer_can_be_made_of_the_request()
    {
        _dependency.Answer(request => new HttpResponseMessage(HttpStatusCode.OK) { ReasonPhrase = request.Method.Method });
        using var response = await GetAsync();
        response.ReasonPhrase.ShouldBe("GET");
    }

    [Theory]
    [InlineData(Fault.ConnectionRefused, HttpRequestError.ConnectionError, 0)]
    [InlineData(Fault.HostUnreachable, HttpRequestError.ConnectionError, 0)]
    [InlineData(Fault.NameNotResolved, HttpRequestError.NameResolutionError, 0)]
    [InlineData(Fault.TlsFailed, HttpRequestError.SecureConnectionError, 0)]
    [InlineData(Fault.ConnectionReset, HttpRequestError.Unknown, 1)]
    [InlineData(Fault.ResponseEnded, HttpRequestError.ResponseEnded, 1)]
    public async Task A_fault_looks_like_the_real_one_and_acts_only_if_the_request_has_left(Fault fault, HttpRequestError error, int effects)
    {
        _dependency.Fail(fault);
        var thrown = await Should.ThrowAsync<HttpRequestException>(GetAsync);
        thrown.HttpRequestError.ShouldBe(error);
        thrown.InnerException.ShouldNotBeNull();
        _dependency.ShouldHaveActed(effects).Attempts[0].Outcome.ShouldBe(fault.ToString());
    }

    [Fact]
    public async Task A_fault_before_the_request_left_cannot_be_made_to_act()
    {
        _dependency.Fail(Fault.ConnectionRefused);
        Should.Throw<InvalidOperationException>(() => _dependency.LoseReply());
        Should.Throw<InvalidOperationException>(() => _dependency.Acts());
        _dependency.Fail(Fault.ConnectionReset).DoesNotAct();
        await Should.ThrowAsync<HttpRequestException>(GetAsync);
        await Should.ThrowAsync<HttpRequestException>(GetAsync);
        _dependency.ShouldHaveActed(times: 0);
    }

    [Fact]
    public async Task An_exception_of_ones_own_is_thrown_as_it_is()
    {
        var error = new HttpRequestException(HttpRequestError.ConnectionError);
        _dependency.Throw(error);
        (await Should.ThrowAsync<HttpRequestException>(GetAsync)).ShouldBeSameAs(error);
        _dependency.Attempts[0].Outcome.ShouldBe("HttpRequestException (ConnectionError)");
        _dependency.Effects.ShouldBe(0);
    }

    [Fact]
    public async Task A_lost_reply_has_acted()
    {
        _dependency.Answer(200).LoseReply();
        (await Should.ThrowAsync<HttpRequestException>(GetAsync)).HttpRequestError.ShouldBe(HttpRequestError.ResponseEnded);
        _dependency.ShouldHaveActed(times: 1).Attempts[0].Outcome.ShouldBe("200 OK, reply lost");
    }

    [Fact]
    public async Task A_hang_lasts_until_the_caller_gives_up()
    {
        _dependency.Hang().Acts();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2), _clock);
        await Should.ThrowAsync<OperationCanceledException>(() => _clock.RunAsync(() => _client.GetAsync(Address, timeout.Token)));
        var attempt = _dependency.Attempts.ShouldHaveSingleItem();
        attempt.WasCancelled.ShouldBeTrue();
        attempt.CancelledAfter.ShouldBe(TimeSpan.FromSeconds(2));
        attempt.Outcome.ShouldBe("cancelled");
        attempt.Acted.ShouldBeTrue();
    }

    [Fact]
    public async Task An_answer_takes_its_time_and_giving_up_before_prevents_the_effect()
    {
        _dependency.Answer(200).After(TimeSpan.FromSeconds(3)).Forever();
        (await _clock.RunAsync(StatusAsync)).ShouldBe(200);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2), _clock);
        await Should.ThrowAsync<OperationCanceledException>(() => _clock.RunAsync(() => _client.GetAsync(Address, timeout.Token)));
        _dependency.Attempts[0].Took.ShouldBe(TimeSpan.FromSeconds(3));
        _dependency.Attempts[1].StartedAt.ShouldBe(TimeSpan.FromSeconds(3));
        _dependency.Attempts[1].EndedAt.ShouldBe(TimeSpan.FromSeconds(5));
        _dependency.ShouldHaveActed(times: 1);
        timeout.Dispose();
        _clock.ShouldHaveNoTimers();
    }

    [Fact]
    public async Task An_attempt_under_way_is_in_the_record()
    {
        _dependency.Hang();
        using var stop = new CancellationTokenSource();
        var pending = _client.GetAsync(Address, stop.Token);
        var attempt = _dependency.Attempts.ShouldHaveSingleItem();
        attempt.Outcome.ShouldBe("under way");
        attempt.EndedAt.ShouldBeNull();
        attempt.CancelledAfter.ShouldBeNull();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => pending);
    }

    [Fact]
    public async Task A_transport_that_yields_leaves_the_callers_thread()
    {
        _dependency.Answer(200).Yields();
        var context = SynchronizationContext.Current;
        (await _clock.RunAsync(StatusAsync)).ShouldBe(200);
        SynchronizationContext.Current.ShouldBeSameAs(context);
    }

    [Fact]
    public async Task After_its_end_the_script_repeats_or_fails_the_test()
    {
        _dependency.Answer(429).Forever();
        for (var attempt = 0; attempt < 5; attempt++)
        {
            (await StatusAsync()).ShouldBe(429);
        }

        Should.Throw<InvalidOperationException>(() => _dependency.Answer(200));
        Should.Throw<InvalidOperationException>(() => _dependency.Times(2));

        using var strict = new ScriptedDependency(_clock).Answer(500).AndNoMore();
        using var client = new HttpClient(strict);
        using var first = await client.GetAsync(Address, TestContext.Current.CancellationToken);
        var failure = await Should.ThrowAsync<ResilienceAssertionException>(() => client.GetAsync(Address, TestContext.Current.CancellationToken));
        failure.Message.ShouldContain("after the end of the script");
        failure.Message.ShouldContain("500 Internal Server Error");
        strict.ShouldHaveAttempts(2);
    }

    [Fact]
    public void A_modifier_needs_an_entry_and_sensible_numbers()
    {
        Should.Throw<InvalidOperationException>(() => _dependency.Yields());
        Should.Throw<InvalidOperationException>(() => _dependency.Forever());
        _dependency.Answer(200);
        Should.Throw<ArgumentOutOfRangeException>(() => _dependency.Times(0));
        Should.Throw<ArgumentOutOfRangeException>(() => _dependency.After(TimeSpan.FromTicks(-1)));
        Should.Throw<ArgumentOutOfRangeException>(() => _dependency.Fail((Fault)99));
    }

    [Fact]
    public async Task The_request_is_recorded_as_it_was_sent()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        request.Headers.Add(ResilienceHeaders.DeadlineMs, "250");
        request.Headers.Add(ResilienceHeaders.RetryAttempt, "2");
        request.Headers.Add(ResilienceHeaders.IdempotencyKey, "key-1");
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        request.Headers.Clear();

        var recorded = _dependency.Attempts[0].Request;
        recorded.Method.ShouldBe(HttpMethod.Post);
        recorded.Uri.ShouldBe(Address);
        recorded.TimeLeft.ShouldBe(TimeSpan.FromMilliseconds(250));
        recorded.RetryAttempt.ShouldBe(2);
        recorded.IdempotencyKey.ShouldBe("key-1");
        recorded.Headers["content-type"].ShouldBe("application/json; charset=utf-8");
        Encoding.UTF8.GetString(recorded.Body.Span).ShouldBe("{}");
    }

    [Fact]
    public async Task A_body_that_can_be_sent_only_once_fails_a_retry_as_it_does_for_real()
    {
        using var stream = new OneWayStream("body"u8.ToArray());
        using var content = new StreamContent(stream);
        using var first = await _client.PostAsync(Address, content, TestContext.Current.CancellationToken);
        await Should.ThrowAsync<InvalidOperationException>(() => _client.PostAsync(Address, content, TestContext.Current.CancellationToken));
        _dependency.Attempts[1].Outcome.ShouldContain("on sending");
        _dependency.ShouldHaveActed(times: 1);
    }

    [Fact]
    public async Task The_record_can_be_read_after_the_client_is_gone()
    {
        await StatusAsync();
        _client.Dispose();
        _dependency.ShouldHaveAttempts(1);
    }

    private Task<HttpResponseMessage> GetAsync() => _client.GetAsync(Address, CancellationToken.None);

    private async Task<int> StatusAsync()
    {
        using var response = await GetAsync();
        return (int)response.StatusCode;
    }

    private sealed class OneWayStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
