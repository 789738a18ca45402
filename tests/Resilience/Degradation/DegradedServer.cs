using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Degradation;

/// <summary>A service with one marked endpoint and one that is not, which degrades by its own signals when the test says decide.</summary>
internal sealed class DegradedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DegradedServer(WebApplication app, VirtualClock clock, Measurements measured) => (_app, Clock, Measured) = (app, clock, measured);

    public VirtualClock Clock { get; }

    public Measurements Measured { get; }

    public ServiceDegradation Service => _app.Services.GetRequiredService<ServiceDegradation>();

    public IServiceProvider Services => _app.Services;

    public HttpClient Client { get; private set; } = null!;

    public static async Task<DegradedServer> StartAsync(RequestDelegate endpoint, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        var (clock, measured) = (new VirtualClock(), new Measurements());
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IMeterFactory>(measured);
        builder.Services.AddServiceDegradation("shop");
        configure?.Invoke(builder.Services);
        var server = new DegradedServer(builder.Build(), clock, measured);
        server._app.UseCallContext();
        server._app.UseServiceDegradation();
        server._app.MapPost("/marked/{id}", endpoint).WithSignals();
        server._app.MapPost("/other", endpoint);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        server.Client = server._app.GetTestClient();
        return server;
    }

    public async Task<HttpResponseMessage> PostAsync(string path = "/marked/1", Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent([]) };
        change?.Invoke(request);
        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Measured.Dispose();
    }
}
