using Microsoft.Playwright;
using Tests.Browsing;
using static Microsoft.Playwright.Assertions;

namespace Services.Tests.Operations;

/// <summary>The page as a person sees it, in the machine's Chromium.</summary>
public sealed class PageTests(PostgresServer postgres)
{
    private static readonly LocatorAssertionsToContainTextOptions Patiently = new() { Timeout = 30_000 };

    [Fact]
    public async Task The_page_counts_live_shows_text_as_text_and_says_when_its_numbers_are_old()
    {
        Assert.SkipWhen(Browser.Path is null, "There is no Chromium on PATH (Debian: apt-get install chromium).");
        using var kafka = new MockKafka();
        using var events = new OrderEventProducer(kafka.BootstrapServers);
        await using var browser = await Browser.StartAsync();
        var operations = await OperationsHost.StartAsync(postgres, kafka.BootstrapServers);
        try
        {
            var (page, foreignRequests) = await browser.OpenAsync(operations.Http.BaseAddress!.ToString());
            await Expect(page.Locator("#state")).ToContainTextAsync("Live", Patiently);

            var order = Guid.NewGuid();
            await events.SendAsync(OperationsHost.Event(OrderEventTypes.Placed, order));
            await events.SendAsync(OperationsHost.Event(OrderEventTypes.Confirmed, order, 1234.5m));
            await events.SendAsync(OperationsHost.Event("<img src=x onerror=alert(1)>", order));

            await Expect(page.Locator("#money")).ToContainTextAsync("1,234.50", Patiently);
            await Expect(page.Locator("#recent")).ToContainTextAsync(order.ToString(), Patiently);
            await Expect(page.Locator("#recent")).ToContainTextAsync("<img src=x", Patiently);
            (await page.Locator("img").CountAsync()).ShouldBe(0);

            await operations.DisposeAsync();
            await Expect(page.Locator("#state")).ToContainTextAsync("Not connected", Patiently);
            foreignRequests.ShouldBeEmpty();
        }
        finally
        {
            await operations.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_page_says_that_the_broker_is_away()
    {
        Assert.SkipWhen(Browser.Path is null, "There is no Chromium on PATH (Debian: apt-get install chromium).");
        await using var browser = await Browser.StartAsync();
        await using var operations = await OperationsHost.StartAsync(postgres, "127.0.0.1:1");

        var (page, _) = await browser.OpenAsync(operations.Http.BaseAddress!.ToString());

        await Expect(page.Locator("#state")).ToContainTextAsync("No events arrive", Patiently);
    }
}
