using System.Security.Cryptography;
using System.Text;
using AppHost.Embedded.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AppHost.Embedded.Dashboard;

/// <summary>Serves <see cref="ResourceService"/> on a loopback port to whoever has the key.</summary>
internal sealed class ResourceServiceHost
{
    private const string KeyHeader = "x-resource-service-api-key";

    private readonly CancellationTokenSource _ending;

    private ResourceServiceHost(CancellationTokenSource ending) => _ending = ending;

    public static async Task<ResourceServiceHost> StartAsync(EmbeddedHost host, int port, string key, CancellationToken cancellationToken)
    {
        var ending = new CancellationTokenSource();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new ResourceService(host, ending.Token));
        var app = builder.Build();
        var expected = Encoding.UTF8.GetBytes(key);
        app.Use((context, next) =>
        {
            var given = Encoding.UTF8.GetBytes(context.Request.Headers[KeyHeader].ToString());
            if (CryptographicOperations.FixedTimeEquals(given, expected))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
        app.MapGrpcService<ResourceService>();
        await app.StartAsync(cancellationToken);
        return new ResourceServiceHost(ending);
    }

    /// <summary>Ends the streams, so that the dashboard need not wait for them when it stops.</summary>
    public void EndStreams() => _ending.Cancel();
}
