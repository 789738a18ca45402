using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Resilience.Tests.Tiers;

public sealed class ChainTests
{
    private const int Requests = 300;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dead_dependency_behind_three_hops_sees_at_most_a_tenth_more_than_the_normal_number_of_requests(bool hasBreaker)
    {
        await using var chain = await ChainOfServices.StartAsync(
            hops: 3,
            http =>
            {
                http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return Task.CompletedTask;
            },
            policy => policy with { Refusals = RefusalMode.Answer, Breaker = hasBreaker ? policy.Breaker : null });
        using var client = new HttpClient { BaseAddress = chain.First };

        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancel }, async (_, cancel) =>
        {
            using var answer = await client.GetAsync("/", cancel);
            answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        });

        chain.RequestsAtTheEnd.ShouldBeLessThanOrEqualTo((int)(Requests * 1.1));
        if (!hasBreaker)
        {
            chain.RequestsAtTheEnd.ShouldBeGreaterThan(Requests / 2, "or the chain was not tried at all");
        }
    }

    [Fact]
    public async Task The_deadline_shrinks_on_its_way_and_the_end_never_has_more_time_than_the_beginning()
    {
        var left = new List<int>();
        await using var chain = await ChainOfServices.StartAsync(
            hops: 3,
            http =>
            {
                left.Add(int.Parse(http.Request.Headers[ResilienceHeaders.DeadlineMs].ToString(), CultureInfo.InvariantCulture));
                return Task.CompletedTask;
            },
            policy => policy);
        using var client = new HttpClient { BaseAddress = chain.First };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { ResilienceHeaders.DeadlineMs, "1500" } } };

        (await client.SendAsync(request, Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);

        left.ShouldHaveSingleItem().ShouldBeInRange(1, 1500 - (3 * 5), "each hop keeps its reserve");
    }

    [Fact]
    public async Task A_caller_that_goes_away_frees_every_hop()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var chain = await ChainOfServices.StartAsync(
            hops: 3,
            async http =>
            {
                using var registration = http.RequestAborted.Register(freed.SetResult);
                arrived.SetResult();
                await freed.Task;
            },
            policy => policy with { L2 = policy.L2 with { AttemptTimeout = TimeSpan.FromSeconds(9) } });
        using var client = new HttpClient { BaseAddress = chain.First };
        using var caller = new CancellationTokenSource();

        var call = client.GetAsync("/", caller.Token);
        await arrived.Task.WaitAsync(Cancel);
        await caller.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(call);
        await freed.Task.WaitAsync(Cancel);
        chain.RequestsAtTheEnd.ShouldBe(1);
    }

    [Fact]
    public async Task A_body_that_stalls_is_a_timeout_of_its_attempt_and_is_retried()
    {
        var asked = 0;
        await using var chain = await ChainOfServices.StartAsync(
            hops: 1,
            async http =>
            {
                await http.Response.WriteAsync("half", http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                if (Interlocked.Increment(ref asked) == 1)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted);
                }
            },
            policy => policy with { L2 = policy.L2 with { AttemptTimeout = TimeSpan.FromMilliseconds(200) } });
        using var client = new HttpClient { BaseAddress = chain.First };

        (await client.GetAsync("/", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);

        asked.ShouldBe(2);
    }
}
