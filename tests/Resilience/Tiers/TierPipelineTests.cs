using System.Net;
using static Resilience.Tests.Tiers.TierBench;

namespace Resilience.Tests.Tiers;

/// <summary>The sentences of the requirements, one by one; <see cref="PipelineMatrixTests"/> has every combination.</summary>
public sealed class TierPipelineTests
{
    [Fact]
    public void Of_500_ms_with_one_retry_the_first_attempt_may_use_300_and_the_retry_what_is_left()
    {
        using var bench = new TierBench(Exact() with { Total = Ms(500), L2 = new L2Policy { AttemptTimeout = Ms(300), MaxAttempts = 2, Backoff = new BackoffPolicy { Jitter = 0 } } });
        bench.Script.Hang().Forever();

        Should.Throw<AttemptTimeoutException>(() => bench.Send());

        bench.Script.ShouldHaveAttempts(2).ShouldHaveStartedAt(Ms(0), Ms(400));
        bench.Script.ShouldHaveSentDeadlines(Ms(300), Ms(95));
        bench.Clock.ShouldHaveNoTimers();
    }

    [Fact]
    public void Without_time_for_a_retry_the_failure_says_how_much_was_left_and_what_the_last_cause_was()
    {
        using var bench = new TierBench(Exact() with { Total = Ms(150) });
        bench.Script.Answer(503).After(Ms(60));

        var failure = Should.Throw<NotEnoughTimeException>(() => bench.Send());

        failure.Code.ShouldBe("NOT_ENOUGH_TIME");
        failure.TimeLeft.ShouldBe(Ms(90));
        failure.LastCause.ShouldBe("http_503");
        failure.Message.ShouldBe("Not enough time for a retry of dependency: 90 ms are left after 1 attempt, the last cause was http_503.");
        bench.Clock.Elapsed.ShouldBe(Ms(60), "nobody waits for a retry that cannot be made");
    }

    [Fact]
    public void A_retry_after_beyond_the_deadline_returns_the_answer_at_once()
    {
        using var bench = new TierBench(Exact() with { Total = TimeSpan.FromSeconds(3) });
        bench.Script.Answer(503, retryAfter: TimeSpan.FromSeconds(60), code: "BUSY");

        using var answer = bench.Send();

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(60));
        bench.Clock.Elapsed.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_refused_connection_of_one_instance_among_several_says_nothing_about_the_dependency()
    {
        using var bench = new TierBench(Exact() with { RetryBudget = null, L2 = new L2Policy { MaxAttempts = 1 }, Breaker = new BreakerPolicy { MinimumThroughput = 2 } });
        var amongSeveral = CallContext.None with { HasAlternative = true };
        var breaker = bench.Dependency.Breaker()!;

        bench.Script.Fail(Fault.ConnectionRefused).Times(10);
        for (var call = 0; call < 10; call++)
        {
            Should.Throw<HttpRequestException>(() => bench.Send(context: amongSeveral));
        }

        breaker.State.ShouldBe(BreakerState.Closed);

        bench.Script.Fail(Fault.ConnectionRefused).Times(2);
        Should.Throw<HttpRequestException>(() => bench.Send());
        Should.Throw<HttpRequestException>(() => bench.Send());
        breaker.State.ShouldBe(BreakerState.Open, "the last instance refused as well");

        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        bench.Script.Fail(Fault.ConnectionRefused);
        Should.Throw<HttpRequestException>(() => bench.Send(context: amongSeveral));
        bench.Send().Dispose();
        breaker.State.ShouldBe(BreakerState.Closed, "the probe that met the dead instance went to the next call at once");
    }

    [Fact]
    public void A_broken_connection_counts_also_where_there_are_several_instances()
    {
        using var bench = new TierBench(Exact() with { RetryBudget = null, L2 = new L2Policy { MaxAttempts = 1 }, Breaker = new BreakerPolicy { MinimumThroughput = 2 } });
        bench.Script.Fail(Fault.ConnectionReset).Times(2);

        Should.Throw<HttpRequestException>(() => bench.Send(context: CallContext.None with { HasAlternative = true }));
        Should.Throw<HttpRequestException>(() => bench.Send(context: CallContext.None with { HasAlternative = true }));

        bench.Dependency.Breaker()!.State.ShouldBe(BreakerState.Open);
    }

    [Fact]
    public void L1_makes_its_three_attempts_within_95_ms_and_L2_adds_its_own_instead_of_multiplying_them()
    {
        using var bench = new TierBench(Exact(l1: true) with { RetryBudget = null });
        bench.Script.Fail(Fault.ConnectionReset).After(Ms(1)).Forever();

        Should.Throw<HttpRequestException>(() => bench.Send());

        bench.Script.ShouldHaveAttempts(5);
        bench.Script.ShouldHaveWaited(Ms(5), Ms(10), Ms(100), Ms(200));
        bench.Dependency.Policy.MostAttempts.ShouldBe(5);
    }

    [Fact]
    public void A_slow_dependency_is_never_cut_off_at_50_ms()
    {
        using var bench = new TierBench(Exact());
        bench.Script.Answer(200).After(Ms(1500));

        bench.Send().StatusCode.ShouldBe(HttpStatusCode.OK);

        bench.Script.ShouldHaveAttempts(1);
    }

    [Fact]
    public void A_breakers_refusal_is_never_retried()
    {
        using var bench = new TierBench(Exact(l1: true));
        bench.Dependency.Breaker()!.Isolate("operator", "maintenance");

        Should.Throw<BreakerOpenException>(() => bench.Send()).Message.ShouldContain("isolated by an operator");

        bench.Script.ShouldHaveAttempts(0);
        bench.Clock.Elapsed.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_refusal_can_be_an_answer_that_says_why()
    {
        using var bench = new TierBench(Exact() with { Refusals = RefusalMode.Answer, Breaker = new BreakerPolicy { MinimumThroughput = 1, Break = TimeSpan.FromSeconds(7) } });
        bench.Script.Answer(503).Forever();
        bench.Send(Post()).Dispose();

        using var answer = bench.Send();

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(7));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("\"code\":\"BREAKER_OPEN\"");
        bench.Script.ShouldHaveAttempts(1);
    }

    [Fact]
    public void A_call_for_somebody_who_is_retrying_is_made_once_and_says_so()
    {
        using var bench = new TierBench(Exact(l1: true));
        bench.Script.Answer(503).Forever();

        using var answer = bench.Send(context: new CallContext { CallerAttempt = 2 });

        bench.Script.ShouldHaveAttempts(1).ShouldHaveSentRetryAttempts(2);
    }

    [Fact]
    public void The_pipeline_keeps_the_policy_a_call_started_with()
    {
        using var bench = new TierBench(Exact());
        bench.Script.Answer(503).Answer(503).Answer(503).Forever();

        var call = bench.StartAsync(new HttpRequestMessage(HttpMethod.Get, "http://dependency/"), TestContext.Current.CancellationToken);
        bench.Dependency.Apply(Exact() with { L2 = new L2Policy { MaxAttempts = 1 } });
        using var answer = bench.Drive(call);
        using var next = bench.Send();

        bench.Script.ShouldHaveAttempts(4);
    }

    [Fact]
    public void A_wrong_policy_is_refused_whole_and_the_old_one_stays()
    {
        using var bench = new TierBench(Exact());

        Should.Throw<PolicyInvalidException>(() => bench.Dependency.Apply(Exact() with { Total = TimeSpan.FromSeconds(-1), L2 = new L2Policy { MaxAttempts = 0 } }))
            .Errors.Select(error => error.Key).Distinct().ShouldBe(["total_ms", "reserve_ms", "l2.max_attempts"], ignoreOrder: true);

        bench.Dependency.Policy.ShouldBe(Exact());
    }

    [Fact]
    public void A_breaker_keeps_its_state_over_a_change_of_other_numbers()
    {
        using var bench = new TierBench(Exact());
        var breaker = bench.Dependency.Breaker();
        breaker!.Isolate("operator", "maintenance");

        bench.Dependency.Apply(Exact() with { Total = Ms(700) });
        bench.Dependency.Breaker().ShouldBeSameAs(breaker);

        bench.Dependency.Apply(Exact() with { Breaker = new BreakerPolicy { FailureRatio = 0.9 } });
        bench.Dependency.Breaker()!.State.ShouldBe(BreakerState.Closed);
    }

    [Fact]
    public void A_body_that_was_a_stream_is_not_sent_twice_and_its_failure_is_not_lost()
    {
        using var bench = new TierBench(Exact());
        bench.Script.Answer(503).Forever();
        using var put = new HttpRequestMessage(HttpMethod.Put, "http://dependency/") { Content = new StreamContent(new MemoryStream([1, 2, 3])) };

        bench.Send(put).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

        bench.Script.ShouldHaveAttempts(1);
    }

    [Fact]
    public void A_business_code_makes_an_answer_worth_a_retry_and_its_body_stays_readable()
    {
        using var bench = new TierBench(Exact() with { L2 = new L2Policy { MaxAttempts = 2, Backoff = new BackoffPolicy { Jitter = 0 } } });
        bench.Script.Answer(500, code: "TRANSIENT_FAILURE").Forever();

        using var answer = bench.Send();

        bench.Script.ShouldHaveAttempts(2);
        bench.Drive(answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("TRANSIENT_FAILURE");
    }
}
