using Microsoft.Playwright;

namespace Tests.Browsing;

/// <summary>The machine's own Chromium, headless; nothing is downloaded.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Where Chromium is, or null.</summary>
    public static string? Path { get; } =
        (from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
         from name in new[] { "chromium", "chromium-browser", "google-chrome" }
         let path = System.IO.Path.Combine(folder, name)
         where File.Exists(path)
         select path).FirstOrDefault();

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Path,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        return new Browser(playwright, browser);
    }

    /// <summary>Opens a page and notes every request that leaves the machine.</summary>
    public async Task<(IPage Page, List<string> ForeignRequests)> OpenAsync(string url)
    {
        var page = await _browser.NewPageAsync(new() { ViewportSize = new() { Width = 1500, Height = 1000 } });
        var foreign = new List<string>();
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https", IsLoopback: false })
            {
                foreign.Add(request.Url);
            }
        };
        await page.GotoAsync(url);
        return (page, foreign);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
