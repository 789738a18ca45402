using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>A service with one idempotent endpoint, in memory, whose clock nobody waits for.</summary>
internal sealed class IdempotentHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _handled;

    private IdempotentHost(RequestDelegate handler, Action<IdempotencyOptions> configure, IIdempotencyStore? store)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders().AddProvider(Logs);
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton(store ?? new InMemoryIdempotencyStore(Time));
        builder.Services.AddIdempotency(configure);
        _app = builder.Build();
        _app.UseRouting();
        _app.UseIdempotency();
        RequestDelegate counted = context =>
        {
            Interlocked.Increment(ref _handled);
            return handler(context);
        };
        _app.MapPost("/things/{name}", counted).RequireIdempotencyKey();
        _app.MapPost("/accepting", counted).AcceptIdempotencyKey();
        _app.MapPost("/unmarked", counted);
    }

    public FakeTimeProvider Time { get; } = new();

    public CollectedLogs Logs { get; } = new();

    public IServiceProvider Services => _app.Services;

    public TestServer Server => _app.GetTestServer();

    public HttpClient Client { get; private set; } = null!;

    /// <summary>How often the handler ran.</summary>
    public int Handled => _handled;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<IdempotentHost> StartAsync(
        RequestDelegate handler, Action<IdempotencyOptions>? configure = null, IIdempotencyStore? store = null)
    {
        var host = new IdempotentHost(handler, configure ?? (_ => { }), store);
        await host._app.StartAsync(Cancel);
        host.Client = host._app.GetTestClient();
        return host;
    }

    public Task<HttpResponseMessage> PostAsync(
        string key = "key", string body = "body", string path = "/things/one", string type = "text/plain", CancellationToken? cancel = null) =>
        SendAsync([key], new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type)), path, cancel ?? Cancel);

    public async Task<HttpResponseMessage> SendAsync(string[] keys, HttpContent content, string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        foreach (var key in keys)
        {
            request.Headers.TryAddWithoutValidation(ResilienceHeaders.IdempotencyKey, key);
        }

        return await Client.SendAsync(request, cancel);
    }

    public static async Task<string?> CodeAsync(HttpResponseMessage response)
    {
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(Cancel));
        problem.RootElement.GetProperty("status").GetInt32().ShouldBe((int)response.StatusCode);
        return problem.RootElement.GetProperty("code").GetString();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
