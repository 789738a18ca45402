using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Degradation;

/// <summary>Whom a broken service tells, on a real server.</summary>
public sealed class DegradationWebhookTests
{
    [Fact(Timeout = 30_000)]
    public async Task People_on_call_are_told_when_a_service_is_broken_and_when_it_is_not_any_more()
    {
        await using var people = await People.StartAsync();
        await using var server = await DegradedServer.StartAsync(Fine, services => services.AddDegradationWebhook(options => options.Address = people.Address));
        server.Service.Force(DegradationLevel.Alert, "slow");
        server.Service.Force(DegradationLevel.Degraded, "slow and failing");
        server.Service.Force(DegradationLevel.Broken, "collapsing too");
        server.Service.Force(DegradationLevel.Normal, "well again");

        var told = await people.Told.ReadAsync(TestContext.Current.CancellationToken);
        (told["service"]!.GetValue<string>(), told["from"]!.GetValue<string>(), told["to"]!.GetValue<string>()).ShouldBe(("shop", "degraded", "broken"));
        told["text"]!.GetValue<string>().ShouldBe("shop: degraded -> broken. collapsing too");
        (await people.Told.ReadAsync(TestContext.Current.CancellationToken))["to"]!.GetValue<string>().ShouldBe("normal");
    }

    [Fact(Timeout = 30_000)]
    public async Task They_are_told_again_until_they_take_it_and_the_address_is_in_no_log()
    {
        await using var people = await People.StartAsync(failures: 1);
        var log = new CollectedLogs();
        await using var server = await DegradedServer.StartAsync(Fine, services =>
        {
            services.AddLogging(logging => logging.AddProvider(log));
            services.AddDegradationWebhook(options => options.Address = new Uri(people.Address, "/hook/secret"));
        });
        server.Service.Force(DegradationLevel.Broken, "drill");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!log.Messages.Any(message => message.Contains("answered 418", StringComparison.Ordinal)))
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        // Slowly: what is under way has a time limit on the same clock.
        while (!people.Told.TryPeek(out _))
        {
            server.Clock.Advance(TimeSpan.FromMilliseconds(200));
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        log.Messages.ShouldNotContain(message => message.Contains("secret", StringComparison.Ordinal));
    }

    [Fact(Timeout = 30_000)]
    public async Task The_way_is_taken_once_before_it_counts_and_nobody_else_notices()
    {
        await using var people = await People.StartAsync();
        await using var server = await DegradedServer.StartAsync(Fine, services => services.AddDegradationWebhook(options => options.Address = people.Address));
        var breaker = server.Services.GetRequiredService<DependencyRegistry>().Get("sre-webhook").Breaker()!;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (breaker.Sample != (1, 0))
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        people.Told.TryPeek(out _).ShouldBeFalse();
        server.Service.Force(DegradationLevel.Broken, "drill");
        (await people.Told.ReadAsync(TestContext.Current.CancellationToken))["service"]!.GetValue<string>().ShouldBe("shop");
    }

    [Theory]
    [InlineData("ftp://people")]
    [InlineData(null)]
    public async Task An_address_that_is_none_stops_the_start(string? address) =>
        (await Should.ThrowAsync<OptionsValidationException>(() => DegradedServer.StartAsync(
            Fine, services => services.AddDegradationWebhook(options => options.Address = address is null ? null : new Uri(address))))).Message.ShouldContain("must be an http or https URL");

    private static Task Fine(HttpContext http) => Task.CompletedTask;

    private sealed class People : IAsyncDisposable
    {
        private readonly Channel<JsonNode> _told = Channel.CreateUnbounded<JsonNode>();
        private readonly WebApplication _app;
        private int _failures;

        private People(WebApplication app, int failures)
        {
            (_app, _failures) = (app, failures);
            app.Run(async http =>
            {
                if (Interlocked.Decrement(ref _failures) >= 0)
                {
                    http.Response.StatusCode = StatusCodes.Status418ImATeapot;
                    return;
                }

                _told.Writer.TryWrite((await JsonNode.ParseAsync(http.Request.Body))!);
            });
        }

        public ChannelReader<JsonNode> Told => _told.Reader;

        public Uri Address => new(_app.Urls.Single());

        public static async Task<People> StartAsync(int failures = 0)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var people = new People(builder.Build(), failures);
            await people._app.StartAsync(TestContext.Current.CancellationToken);
            return people;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
