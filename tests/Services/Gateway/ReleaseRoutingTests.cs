using Microsoft.AspNetCore.Http;

namespace Services.Tests.Gateway;

/// <summary>The release channel at the edge: who goes to a canary, and what the services behind hear of it.</summary>
public sealed class ReleaseRoutingTests : IAsyncLifetime
{
    private readonly List<StubServer> _services = [];
    private GatewayHost _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var name in new[] { "orders", "payments", "payments-canary" })
        {
            _services.Add(await StubServer.StartAsync(context =>
            {
                if (name == "payments-canary")
                {
                    context.Response.Headers[ResilienceHeaders.ReleaseChannel] = "canary"; // As canaries do: UseCanaryAnswers.
                }

                return context.Response.WriteAsync($"{name} for {context.Request.Headers[ResilienceHeaders.ReleaseChannel]}");
            }));
        }

        _gateway = GatewayHost.Start(
            GatewayHost.Instance("orders", 0, _services[0].Address),
            GatewayHost.Instance("payments", 0, _services[1].Address),
            GatewayHost.Instance("payments-canary", 0, _services[2].Address));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("/payments/42", "canary", "payments-canary for canary")]
    [InlineData("/payments/42", "stable", "payments for stable")]
    [InlineData("/orders/42", "canary", "orders for canary")]
    public async Task A_channel_that_was_asked_for_is_served_where_there_is_one_and_goes_on(string path, string channel, string expected)
    {
        using var answer = await SendAsync(path, channel);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldBe(expected);
        answer.Headers.GetValues(ResilienceHeaders.ReleaseChannel).ShouldBe([channel]);
    }

    [Fact]
    public async Task Who_asks_for_nothing_gets_the_stable_release_and_no_cookie()
    {
        using var answer = await SendAsync("/payments/42", null);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldBe("payments for ");
        answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string? channel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (channel is not null)
        {
            request.Headers.Add(ResilienceHeaders.ReleaseChannel, channel);
        }

        return await _gateway.Http.SendAsync(request, Cancel);
    }
}
