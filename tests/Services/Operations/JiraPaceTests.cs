using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Services.Tests.Operations;

/// <summary>How often a Jira that does not take tickets is asked: less and less, and never sooner than it wants. On a clock that the test moves.</summary>
public sealed class JiraPaceTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = 60_000)]
    [InlineData(401, null, new[] { 1, 2, 4, 8, 16, 32, 60, 60 })]
    [InlineData(429, null, new[] { 1, 2, 4 })]
    [InlineData(429, 120, new[] { 120, 120, 120, 120 })]
    [InlineData(429, 7200, new[] { 3600 })]
    [InlineData(503, null, new[] { 1, 2, 60 })]
    public async Task It_is_asked_less_and_less_often(int status, int? retryAfter, int[] pauses)
    {
        ArgumentNullException.ThrowIfNull(pauses);
        await using var jira = await FakeJira.StartAsync();
        (jira.Status, jira.RetryAfter) = (status, retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
        await using var world = await LetterWorld.StartAsync(postgres);
        await world.SendAsync(new DeadLetter
        {
            ServiceName = "orders",
            Operation = "saga order: charge",
            ErrorCode = "PAYMENT_UNAVAILABLE",
            ErrorDetail = "It answered 503.",
            RetryCount = 3,
            Key = "order-1",
            Source = DeadLetterSource.Saga(Guid.NewGuid(), "charge"),
            Time = DateTimeOffset.UtcNow,
        });
        await world.UntilAsync("/api/tickets", list => list.GetArrayLength() == 1);
        var clock = new VirtualClock(DateTimeOffset.UtcNow);
        await using var services = Services(jira);
        await using var database = NpgsqlDataSource.Create(world.Database);
        using var mirror = new JiraMirror(
            database,
            new JiraTable(database, clock),
            new JiraClient(services.GetRequiredService<IHttpClientFactory>(), services.GetRequiredService<IOptions<JiraOptions>>()),
            services.GetRequiredService<IOptions<JiraOptions>>(),
            clock,
            NullLogger<JiraMirror>.Instance);
        await mirror.StartAsync(Cancel);

        var asked = 1;
        foreach (var pause in pauses)
        {
            await UntilAskedAsync(jira, clock, asked);
            await MoveAsync(clock, TimeSpan.FromSeconds(pause) - TimeSpan.FromSeconds(0.5));
            jira.Requests.Count.ShouldBe(asked, $"it waits {pause} s");
            await MoveAsync(clock, TimeSpan.FromSeconds(0.5));
            asked++;
        }

        await UntilAskedAsync(jira, clock, asked);
        await mirror.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The mirror's own clock ends its waits; the client's patience is in real time.</summary>
    private static ServiceProvider Services(FakeJira jira)
    {
        var services = new ServiceCollection();
        var settings = jira.Settings.ToDictionary(setting => setting.Item1, setting => setting.Item2);
        var options = new JiraOptions { Url = new Uri(settings["Jira:Url"]), Email = settings["Jira:Email"], ApiToken = settings["Jira:ApiToken"], Project = "SRE", SearchAfter = TimeSpan.Zero };
        services.AddSingleton(Options.Create(options));
        services.AddHttpClient(JiraClient.Client, client => JiraClient.SetUp(options, client));
        return services.BuildServiceProvider();
    }

    /// <summary>Waits until it was asked so often, and the mirror waits again.</summary>
    private static async Task UntilAskedAsync(FakeJira jira, VirtualClock clock, int times)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (jira.Requests.Count < times || clock.ActiveTimers == 0)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    /// <summary>Moves the clock in steps, and lets the mirror go on in between where it looked and had nothing to ask.</summary>
    private static async Task MoveAsync(VirtualClock clock, TimeSpan by)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var until = clock.Elapsed + by;
        while (clock.Elapsed < until)
        {
            clock.Advance(TimeSpan.FromTicks(Math.Min((until - clock.Elapsed).Ticks, TimeSpan.TicksPerSecond / 2)));
            while (clock.ActiveTimers == 0)
            {
                await timer.WaitForNextTickAsync(Cancel);
            }
        }
    }
}
