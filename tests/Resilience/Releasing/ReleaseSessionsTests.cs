using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Resilience.Tests.Releasing;

/// <summary>The release channel of a session, at the edge.</summary>
public sealed class ReleaseSessionsTests : IAsyncLifetime
{
    private readonly ReleaseState _releases = new();
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddResilience();
        builder.Services.AddCanary("payments", "payments-canary");
        builder.Services.AddSingleton(_releases);
        _app = builder.Build();
        _app.UseReleaseSessions();
        _app.UseCallContext();
        _app.Run(http => http.Response.WriteAsync(CallContext.Current.Channel.ToName()));
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _client = _app.GetTestClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task While_nobody_releases_anything_there_is_no_cookie()
    {
        var answer = await AskAsync();
        (answer.Channel, answer.Cookie).ShouldBe(("stable", null));
    }

    [Fact]
    public async Task Who_asks_for_a_release_gets_it_for_the_whole_session()
    {
        var first = await AskAsync(header: "canary");
        (first.Channel, first.Header).ShouldBe(("canary", "canary"));
        (await AskAsync(cookie: first.Cookie)).Channel.ShouldBe("canary");

        var changed = await AskAsync(header: "stable", cookie: first.Cookie);
        changed.Channel.ShouldBe("stable");
        changed.Cookie!.ShouldStartWith(first.Cookie!.Split('.')[0], Case.Sensitive, "it is the same session");
        (await AskAsync(cookie: changed.Cookie)).Channel.ShouldBe("stable");
    }

    [Fact]
    public async Task Of_those_who_do_not_ask_the_canary_gets_its_share_and_each_keeps_its_own()
    {
        Say(ReleaseStage.Analysing, 0.3);
        var sessions = new List<Answer>();
        for (var session = 0; session < 2000; session++)
        {
            sessions.Add(await AskAsync());
        }

        (sessions.Count(session => session.Channel == "canary") / 2000.0).ShouldBe(0.3, 0.04);
        foreach (var session in sessions.Take(50))
        {
            var again = await AskAsync(cookie: session.Cookie);
            (again.Channel, again.Cookie).ShouldBe((session.Channel, null), "a cookie that is right is not sent again");
        }
    }

    [Fact]
    public async Task Who_had_the_canary_by_lot_has_the_stable_release_when_it_is_over()
    {
        Say(ReleaseStage.Analysing, 1);
        var drawn = await AskAsync();
        drawn.Channel.ShouldBe("canary");
        Say(ReleaseStage.RolledBack, 0);
        (await AskAsync(cookie: drawn.Cookie)).Channel.ShouldBe("stable");
    }

    [Theory]
    [InlineData("blue")]
    [InlineData("canary, stable")]
    public async Task A_header_that_names_no_release_is_ignored(string header) => (await AskAsync(header)).Channel.ShouldBe("stable");

    [Theory]
    [InlineData("short")]
    [InlineData("0123456789abcdef0123456789abcdef.blue")]
    [InlineData("0123456789ABCDEF0123456789abcdef.canary")]
    [InlineData("0123456789abcdef0123456789abcdef.canary.more")]
    public async Task A_cookie_that_was_not_made_here_is_replaced(string forged)
    {
        Say(ReleaseStage.Analysing, 0.000001);
        var answer = await AskAsync(cookie: forged);
        answer.Channel.ShouldBe("stable");
        answer.Cookie.ShouldNotBeNull().ShouldNotBe(forged);
    }

    private void Say(ReleaseStage stage, double share) =>
        _releases.Current = new Dictionary<string, FleetRelease> { ["payments"] = new(stage, share, "r1", "test", "test", DateTimeOffset.UnixEpoch) };

    private async Task<Answer> AskAsync(string? header = null, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation(ResilienceHeaders.ReleaseChannel, header);
        }

        if (cookie is not null)
        {
            request.Headers.Add("Cookie", $"{ReleaseSessions.Cookie}={cookie}");
        }

        using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        var set = answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.Single().Split('=', ';')[1] : null;
        var said = answer.Headers.TryGetValues(ResilienceHeaders.ReleaseChannel, out var headers) ? headers.Single() : null;
        return new Answer(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), said, set);
    }

    private sealed record Answer(string Channel, string? Header, string? Cookie);
}
