using System.Diagnostics;
using EndToEnd.Tests.Shop;
using Microsoft.Playwright;
using Tests.Browsing;

namespace EndToEnd.Tests;

/// <summary>Looks at Aspire's dashboard with a browser, as its users do.</summary>
public sealed class DashboardTests(RunningShop shop) : IAsyncLifetime
{
    /// <summary>Processes of services among <see cref="Resources"/>.</summary>
    private const int ServicesHere = 8;

    private Browser? _browser;

    private static string[] Resources =>
    [
        "etcd", "gateway", "inventory", "inventorydb", "kafka", "operations", "operations-canary", "operationsdb", "orders-1", "orders-2", "ordersdb", "payments", "payments-canary", "paymentsdb", "postgres", "prometheus",
    ];

    /// <summary>Shown, and not running where the tests run.</summary>
    private static string[] Missing =>
    [
        //#if (temporal)
        "temporal",
        //#endif
    ];

    public async ValueTask InitializeAsync() => _browser = Browser.Path is null ? null : await Browser.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    [Fact(Timeout = 180_000)]
    public async Task The_resources_page_shows_every_resource_running()
    {
        var page = await OpenAsync("", TestContext.Current.CancellationToken);
        foreach (var resource in Resources)
        {
            var row = page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByText(resource, new() { Exact = true }) }).First;
            await Assertions.Expect(row).ToContainTextAsync("Running");
        }

        // Those that are named here, those that are missing on this machine, and services that were added later.
        var added = shop.Instances - ServicesHere;
        await Assertions.Expect(page.GetByText($"Showing {Resources.Length + Missing.Length + added} resources")).ToBeVisibleAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task One_trace_spans_the_gateway_the_services_and_the_database()
    {
        // The order's own trace, by the id that its buyer gave it: the newest in the list may be another test's.
        using var buyer = new Activity("buyer") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.SetIdFormat(ActivityIdFormat.W3C).Start();
        await new Orders(shop.Gateway).ConfirmedAsync(TestContext.Current.CancellationToken);

        var page = await OpenAsync($"traces/detail/{buyer.TraceId}", TestContext.Current.CancellationToken);
        foreach (var part in new[] { "gateway: POST /orders", "orders", "inventory", "payments", "postgresql" })
        {
            await ShowsAsync(page, part, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Loads the page again until it shows a text: telemetry arrives some seconds after what it tells of, and a trace that was not there yet does not appear by itself.</summary>
    private static async Task ShowsAsync(IPage page, string text, CancellationToken cancellationToken)
    {
        for (var tries = 6; ; tries--)
        {
            try
            {
                await Assertions.Expect(page.Locator("body")).ToContainTextAsync(text, new() { Timeout = 10_000 });
                return;
            }
            catch (PlaywrightException) when (tries > 1)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await page.ReloadAsync();
            }
        }
    }

    [Fact(Timeout = 180_000)]
    public async Task Console_logs_of_a_service_are_shown()
    {
        var page = await OpenAsync("consolelogs/resource/inventory-1", TestContext.Current.CancellationToken);
        await Assertions.Expect(page.GetByText("Now listening on").First).ToBeVisibleAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task Structured_logs_and_metrics_arrive()
    {
        var logs = await OpenAsync("structuredlogs", TestContext.Current.CancellationToken);
        await Assertions.Expect(logs.GetByRole(AriaRole.Row).Filter(new() { HasText = "Application started" }).First).ToBeVisibleAsync();

        var metrics = await OpenAsync("metrics/resource/gateway", TestContext.Current.CancellationToken);
        await Assertions.Expect(metrics.GetByText("http.server.request.duration").First).ToBeVisibleAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task A_service_can_be_restarted_from_the_dashboard()
    {
        var page = await OpenAsync("", TestContext.Current.CancellationToken);
        var row = page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByText("payments", new() { Exact = true }) }).First;
        await Assertions.Expect(row).ToContainTextAsync("Running");

        await row.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Assertions.Expect(row).ToContainTextAsync("Exited");
        await row.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Assertions.Expect(row).ToContainTextAsync("Running", new() { Timeout = 30_000 });
        await Assertions.Expect(row).Not.ToContainTextAsync("Unhealthy", new() { Timeout = 30_000 });

        await new Orders(shop.Gateway).ConfirmedAsync(TestContext.Current.CancellationToken);
    }

    private async Task<IPage> OpenAsync(string path, CancellationToken cancellationToken)
    {
        Assert.SkipWhen(_browser is null, "There is no Chromium on PATH (Debian: apt-get install chromium).");
        var (page, foreign) = await _browser.OpenAsync($"{shop.Address("dashboard")}/{path}").WaitAsync(cancellationToken);
        page.SetDefaultTimeout(30_000);
        Assertions.SetDefaultExpectTimeout(30_000);
        foreign.ShouldBeEmpty();
        return page;
    }
}
