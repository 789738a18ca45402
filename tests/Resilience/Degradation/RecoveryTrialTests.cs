using System.Net;
using Resilience.Tests.Tiers;

namespace Resilience.Tests.Degradation;

/// <summary>Calls that pass a forced breaker, by which a broken dependency recovers.</summary>
public sealed class RecoveryTrialTests
{
    private const int Calls = 200;

    private static readonly DependencyPolicy Policy = TierBench.Exact() with { Breaker = new BreakerPolicy { MinimumThroughput = 10_000 }, RetryBudget = null };

    [Fact]
    public void It_is_decided_once_a_call_and_each_of_its_requests_says_that_it_is_a_trial()
    {
        using var bench = new TierBench(Policy);
        bench.Dependency.Follow(Broken(0.5));
        bench.Script.Answer(request => new HttpResponseMessage(request.Headers.Contains("x-retry-attempt") ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable)).Forever();
        var passed = 0;
        for (var call = 0; call < Calls; call++)
        {
            try
            {
                bench.Send().StatusCode.ShouldBe(HttpStatusCode.OK, "its retry passes as the call did");
                passed++;
            }
            catch (BreakerOpenException refused)
            {
                refused.Refusal.Attempts.ShouldBe(0);
            }
        }

        passed.ShouldBeInRange(50, 150);
        bench.Script.Attempts.Count.ShouldBe(2 * passed);
        bench.Script.Attempts.ShouldAllBe(attempt => attempt.Request.Headers.GetValueOrDefault("x-recovery-trial") == "1");
    }

    [Fact]
    public void A_trial_is_not_retried_once_nobody_passes()
    {
        using var bench = new TierBench(Policy);
        bench.Dependency.Follow(Broken(0.999999));
        bench.Script.Answer(_ =>
        {
            bench.Dependency.Follow(Broken(0));
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        }).Forever();
        bench.Send().StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        bench.Script.Attempts.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(true, 0.999999, true, false, true)]
    [InlineData(false, 0.999999, true, false, false)]
    [InlineData(true, 1, true, false, false)]
    [InlineData(true, 0.999999, false, false, false)]
    [InlineData(true, 0.999999, false, true, true)]
    public async Task Only_a_trial_says_so_and_only_to_whom_it_concerns(bool isBroken, double share, bool propagates, bool isProxy, bool isTold)
    {
        var dependency = new DependencyRegistry(_ => Policy with { PropagatesContext = propagates }, new VirtualClock()).Get("dependency");
        dependency.Follow(isBroken ? Broken(share) : null);
        var script = new ScriptedDependency();
        using var client = new HttpMessageInvoker(isProxy ? script.WithTiers(dependency) : new TierHandler(dependency) { InnerHandler = script });
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://dependency/");
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        script.Attempts.Single().Request.Headers.GetValueOrDefault("x-recovery-trial").ShouldBe(isTold ? "1" : null);
    }

    [Theory]
    [InlineData(0.000001, true, HttpStatusCode.OK)]
    [InlineData(0.000001, false, HttpStatusCode.ServiceUnavailable)]
    [InlineData(0, true, HttpStatusCode.ServiceUnavailable)]
    public async Task A_broken_service_serves_a_trial_without_drawing_again_while_it_serves_any(double share, bool isTrial, HttpStatusCode status)
    {
        await using var server = await DegradedServer.StartAsync(_ => Task.CompletedTask);
        server.Service.Follow(Broken(share));
        (await server.PostAsync(change: request => request.Headers.Add("x-recovery-trial", isTrial ? "1" : "0"))).StatusCode.ShouldBe(status);
    }

    [Theory]
    [InlineData("refused", null)]
    [InlineData(null, "SERVICE_DEGRADED")]
    public void What_a_broken_service_refuses_is_neither_retried_nor_counted(string? mode, string? code)
    {
        using var bench = new TierBench(TierBench.Exact() with { Breaker = new BreakerPolicy { MinimumThroughput = 4 } });
        bench.Script.Answer(_ =>
        {
            var answer = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            if (mode is not null)
            {
                answer.Headers.Add("x-degraded", mode);
            }

            if (code is not null)
            {
                answer.Content = new StringContent($$"""{ "code": "{{code}}" }""", System.Text.Encoding.UTF8, "application/problem+json");
            }

            return answer;
        }).Forever();
        for (var call = 0; call < 20; call++)
        {
            bench.Send().StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        }

        bench.Script.Attempts.Count.ShouldBe(20);
        bench.Dependency.Breaker()!.State.ShouldBe(BreakerState.Closed);
        bench.Dependency.Breaker()!.Sample.ShouldBe((0, 0), "it is no sign of health either");
    }

    [Fact]
    public void Only_unavailable_with_its_code_is_such_a_refusal()
    {
        var classifier = new FailureClassifier(new RetrySignals());
        classifier.OfGrpcStatus(14, "SERVICE_DEGRADED").ShouldBe(new Verdict(AttemptOutcome.Permanent, "SERVICE_DEGRADED") { IsRefusal = true });
        classifier.OfGrpcStatus(13, "SERVICE_DEGRADED").IsDependencyFault.ShouldBeTrue();
        classifier.OfHttpStatus(500, "SERVICE_DEGRADED").IsDependencyFault.ShouldBeTrue();
        new FailureClassifier(new RetrySignals { Codes = ["SERVICE_DEGRADED"] }).OfHttpStatus(503, "SERVICE_DEGRADED").Outcome.ShouldBe(AttemptOutcome.Transient, "a policy may wish so");
    }

    private static FleetDegradation Broken(double share) =>
        new(DegradationLevel.Broken, share, IsForced: false, "errors", "dependency/2", VirtualClock.DefaultStart);
}
