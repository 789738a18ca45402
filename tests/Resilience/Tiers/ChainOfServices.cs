using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Resilience.Tests.Tiers;

/// <summary>Services on loopback, each of which calls the next through its tiers; the last one is dead or does what a test says.</summary>
internal sealed class ChainOfServices : IAsyncDisposable
{
    private readonly List<WebApplication> _services = [];
    private int _requestsAtTheEnd;

    /// <summary>Requests that the last service has seen.</summary>
    public int RequestsAtTheEnd => _requestsAtTheEnd;

    /// <summary>Where the chain begins.</summary>
    public Uri First => new(_services[^1].Urls.First());

    public static async Task<ChainOfServices> StartAsync(int hops, RequestDelegate end, Func<DependencyPolicy, DependencyPolicy> policy)
    {
        var chain = new ChainOfServices();
        await chain.AddAsync(_ => { }, app => app.Run(http =>
        {
            Interlocked.Increment(ref chain._requestsAtTheEnd);
            return end(http);
        }));
        for (var hop = 0; hop < hops; hop++)
        {
            var next = chain.First;
            await chain.AddAsync(
                services => services.AddResilientHttpClient("next", client => client.BaseAddress = next).Services.ConfigureDependency("next", policy),
                app => app.Run(ForwardAsync));
        }

        return chain;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    private static async Task ForwardAsync(HttpContext http)
    {
        using var client = http.RequestServices.GetRequiredService<IHttpClientFactory>().CreateClient("next");
        using var answer = await client.GetAsync("/", http.RequestAborted);
        http.Response.StatusCode = (int)answer.StatusCode;
    }

    private async Task AddAsync(Action<IServiceCollection> services, Action<WebApplication> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddResilience();
        services(builder.Services);
        var app = builder.Build();
        app.UseCallContext();
        configure(app);
        _services.Add(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
    }
}
