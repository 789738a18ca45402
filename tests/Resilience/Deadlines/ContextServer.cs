using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Deadlines;

/// <summary>A server that honours its callers' context, with one endpoint for everything.</summary>
internal sealed class ContextServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ContextServer(WebApplication app, VirtualClock clock, Measurements measured) => (_app, Clock, Measured) = (app, clock, measured);

    public VirtualClock Clock { get; }

    public Measurements Measured { get; }

    /// <summary>How often the endpoint was run.</summary>
    public int Served { get; private set; }

    public HttpClient Client { get; private set; } = null!;

    public static async Task<ContextServer> StartAsync(RequestDelegate endpoint, bool isEdge = false, bool isReal = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        if (isReal)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseTestServer();
        }

        builder.Logging.ClearProviders();
        var (clock, measured) = (new VirtualClock(), new Measurements());
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IMeterFactory>(measured);
        builder.Services.AddResilience();
        var server = new ContextServer(builder.Build(), clock, measured);
        if (isEdge)
        {
            server._app.UseUntrustedCallers();
        }

        server._app.UseCallContext();
        server._app.Run(http =>
        {
            server.Served++;
            return endpoint(http);
        });
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        server.Client = isReal ? new HttpClient { BaseAddress = new Uri(server._app.Urls.Single()) } : server._app.GetTestClient();
        return server;
    }

    public Task<HttpResponseMessage> GetAsync(params (string Name, string Value)[] headers) => SendAsync(TestContext.Current.CancellationToken, headers);

    public async Task<HttpResponseMessage> SendAsync(CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new ByteArrayContent([]) };
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await Client.SendAsync(request, cancellationToken);
    }

    /// <summary>Waits until a token fires, and ends as work does that it cancels.</summary>
    public static async Task UntilCancelledAsync(CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(() => end.TrySetCanceled(cancellationToken));
        await end.Task;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Measured.Dispose();
    }
}
