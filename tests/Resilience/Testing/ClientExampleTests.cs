namespace Resilience.Tests.Testing;

/// <summary>The first example of docs/testing.md, so that it stays true.</summary>
public sealed class ClientExampleTests
{
    [Fact]
    public async Task A_busy_shop_is_asked_again_after_backoff()
    {
        var clock = new VirtualClock();
        var shop = new ScriptedDependency(clock)
            .Answer(503, code: "BUSY").After(TimeSpan.FromMilliseconds(20))
            .Fail(Fault.ConnectionRefused)
            .Answer(200);
        using var client = new HttpClient(new RetryHandler(clock) { InnerHandler = shop }) { Timeout = Timeout.InfiniteTimeSpan };

        using var response = await clock.RunAsync(() => client.GetAsync("http://shop/orders/1", CancellationToken.None));

        shop.ShouldHaveAttempts(3)
            .ShouldHaveWaited(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200))
            .ShouldHaveSentRetryAttempts(0, 1, 2)
            .ShouldHaveEndedWithin(TimeSpan.FromMilliseconds(320));
        clock.ShouldHaveNoTimers();
    }

    private sealed class RetryHandler(TimeProvider time) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            for (var attempt = 0; ; attempt++)
            {
                request.Headers.Remove(ResilienceHeaders.RetryAttempt);
                request.Headers.Add(ResilienceHeaders.RetryAttempt, $"{attempt}");
                try
                {
                    var response = await base.SendAsync(request, cancellationToken);
                    if ((int)response.StatusCode < 500 || attempt == 2)
                    {
                        return response;
                    }

                    response.Dispose();
                }
                catch (HttpRequestException) when (attempt < 2)
                {
                    // The wait below is the answer to it.
                }

                await Task.Delay(Backoff.Exponential(Backoff.DefaultBase, Backoff.DefaultMax, attempt), time, cancellationToken);
            }
        }
    }
}
