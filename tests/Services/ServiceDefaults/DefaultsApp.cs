using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Services.Tests.ServiceDefaults;

/// <summary>The smallest service: the defaults and what a test adds.</summary>
internal sealed class DefaultsApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DefaultsApp(WebApplication app)
    {
        _app = app;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Http { get; }

    public IReadOnlyList<Uri> Addresses => [.. _app.Urls.Select(url => new Uri(url))];

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public static WebApplicationBuilder CreateBuilder(params IEnumerable<(string Setting, string Value)> settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // No appsettings.json of any service lies there.
            ContentRootPath = Path.GetTempPath(),
            EnvironmentName = Environments.Development,
        });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["Logging:LogLevel:Default"] = nameof(LogLevel.None),
            ["Logging:LogLevel:Microsoft.AspNetCore"] = nameof(LogLevel.None),
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Setting, (string?)setting.Value)));
        builder.AddServiceDefaults();
        return builder;
    }

    public static async Task<DefaultsApp> StartAsync(WebApplicationBuilder builder, Action<WebApplication>? configure = null)
    {
        var app = builder.Build();
        app.MapDefaultEndpoints();
        configure?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new DefaultsApp(app);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
