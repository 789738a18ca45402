using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Services.Tests;

/// <summary>A server on a free loopback port that answers every request as the test says.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public static async Task<StubServer> StartAsync(RequestDelegate answer, string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();

        // A proxy's probes are answered here, so that tests count and see requests only.
        app.Run(context => context.Request.Path == "/alive" ? Task.CompletedTask : answer(context));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new StubServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
