namespace Resilience.Tests.Testing;

public sealed class AttemptAssertionsTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void What_was_recorded_passes() => ThreeAttempts()
        .ShouldHaveAttempts(3)
        .ShouldHaveActed(times: 1)
        .ShouldHaveWaited(Ms(100), Ms(200))
        .ShouldHaveWaitedBetween((Ms(90), Ms(100)), (Ms(200), Ms(260)))
        .ShouldHaveStartedAt(Ms(0), Ms(110), Ms(320))
        .ShouldHaveEndedWithin(Ms(330))
        .ShouldHaveSentDeadlines(Ms(1000), Ms(890), Ms(680))
        .ShouldHaveSentDeadlinesWithin(Ms(1000))
        .ShouldHaveSentRetryAttempts(0, 1, 2)
        .ShouldHaveSentOneIdempotencyKey();

    [Fact]
    public void The_fraction_of_a_millisecond_that_timers_drop_is_no_difference() =>
        ThreeAttempts().ShouldHaveWaited(Ms(100.9), Ms(200.4)).ShouldHaveWaitedBetween((Ms(100.9), Ms(130)), (Ms(200.4), Ms(260)));

    [Fact]
    public void A_failure_shows_the_whole_record() =>
        MessageOf(dependency => dependency.ShouldHaveAttempts(2)).ReplaceLineEndings("\n").ShouldBe(
            """
            Expected 2 attempts, but there were 3.

              attempt  started ms  took ms  outcome                  acted  deadline ms  retry attempt
                    1           0       10  503 Service Unavailable     no         1000              -
                    2         110       10  ConnectionRefused           no          890              1
                    3         320       10  200 OK                     yes          680              2

            """.ReplaceLineEndings("\n"));

    [Fact]
    public void Every_assertion_says_what_it_expected_and_what_there_was()
    {
        MessageOf(it => it.ShouldHaveActed(2)).ShouldContain("Expected 2 attempts to be carried out, but 1 were.");
        MessageOf(it => it.ShouldHaveWaited(Ms(100))).ShouldContain("Expected waits of [100] ms, but they were [100, 200] ms.");
        MessageOf(it => it.ShouldHaveWaited(Ms(100), Ms(201))).ShouldContain("[100, 201] ms, but they were [100, 200] ms.");
        MessageOf(it => it.ShouldHaveWaitedBetween((Ms(0), Ms(99)), (Ms(200), Ms(300)))).ShouldContain("[0..99, 200..300] ms, but they were [100, 200] ms.");
        MessageOf(it => it.ShouldHaveStartedAt(Ms(0), Ms(50), Ms(320))).ShouldContain("start at [0, 50, 320] ms, but they did at [0, 110, 320] ms.");
        MessageOf(it => it.ShouldHaveEndedWithin(Ms(329))).ShouldContain("within 329 ms, but it took 330 ms.");
        MessageOf(it => it.ShouldHaveSentDeadlines(Ms(1000))).ShouldContain("Expected deadlines of [1000] ms, but they were [1000, 890, 680] ms.");
        MessageOf(it => it.ShouldHaveSentDeadlinesWithin(Ms(999))).ShouldContain("budget of 999 ms, but attempt 1 sent 1000 ms when 999 ms were left.");
        MessageOf(it => it.ShouldHaveSentRetryAttempts(0, 1)).ShouldContain("Expected retry attempts [0, 1], but they were [0, 1, 2].");
    }

    [Fact]
    public void Headers_that_are_missing_or_wrong_are_told()
    {
        using var dependency = new ScriptedDependency(_clock);
        Send(dependency, deadline: null, retry: "x", key: null);
        Send(dependency, deadline: "soon", retry: null, key: "b");
        Should.Throw<ResilienceAssertionException>(() => dependency.ShouldHaveSentDeadlines()).Message.ShouldContain("[none, none]");
        Should.Throw<ResilienceAssertionException>(() => dependency.ShouldHaveSentDeadlinesWithin(Ms(1))).Message.ShouldContain("attempt 1 sent none");
        Should.Throw<ResilienceAssertionException>(() => dependency.ShouldHaveSentRetryAttempts(0, 0)).Message.ShouldContain("[no number, 0]");
        Should.Throw<ResilienceAssertionException>(() => dependency.ShouldHaveSentOneIdempotencyKey()).Message.ShouldContain("[none, b]");
    }

    [Fact]
    public void Without_an_attempt_nothing_has_ended_and_nothing_was_sent()
    {
        using var dependency = new ScriptedDependency(_clock);
        dependency.ShouldHaveAttempts(0).ShouldHaveWaited().ShouldHaveActed(0);
        Should.Throw<ResilienceAssertionException>(() => dependency.ShouldHaveEndedWithin(Ms(1))).Message.ShouldContain("No attempt was recorded.");
        Should.Throw<ResilienceAssertionException>(() => dependency.ShouldHaveSentDeadlinesWithin(Ms(1)));
        Should.Throw<ResilienceAssertionException>(() => dependency.ShouldHaveSentOneIdempotencyKey());
    }

    [Fact]
    public async Task Attempts_that_overlap_have_starts_but_no_waits()
    {
        var operation = new ScriptedOperation<int>(otherwise: 1, _clock).Hang();
        using var stop = new CancellationTokenSource();
        var first = operation.InvokeAsync(stop.Token);
        _clock.Advance(Ms(50));
        await operation.InvokeAsync(CancellationToken.None);

        operation.ShouldHaveStartedAt(Ms(0), Ms(50));
        Should.Throw<ResilienceAssertionException>(() => operation.ShouldHaveWaited(Ms(50))).Message.ShouldContain("has not ended");
        Should.Throw<ResilienceAssertionException>(() => operation.ShouldHaveEndedWithin(Ms(50))).Message.ShouldContain("not all have ended");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
    }

    private string MessageOf(Action<ScriptedDependency> assertion) =>
        Should.Throw<ResilienceAssertionException>(() => assertion(ThreeAttempts())).Message;

    private ScriptedDependency ThreeAttempts()
    {
        var dependency = new ScriptedDependency(_clock)
            .Answer(503).After(Ms(10))
            .Fail(Fault.ConnectionRefused).After(Ms(10))
            .Answer(200).After(Ms(10));
        Send(dependency, "1000", retry: null, key: "a");
        _clock.Advance(Ms(100));
        Send(dependency, "890", "1", key: "a");
        _clock.Advance(Ms(200));
        Send(dependency, "680", "2", key: "a");
        return dependency;
    }

    private void Send(ScriptedDependency dependency, string? deadline, string? retry, string? key) => _clock.Run(async () =>
    {
        using var client = new HttpClient(dependency, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://stock/");
        Add(ResilienceHeaders.DeadlineMs, deadline);
        Add(ResilienceHeaders.RetryAttempt, retry);
        Add(ResilienceHeaders.IdempotencyKey, key);
        try
        {
            using var response = await client.SendAsync(request);
        }
        catch (HttpRequestException)
        {
            // As the script says.
        }

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                request.Headers.Add(name, value);
            }
        }
    });

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
