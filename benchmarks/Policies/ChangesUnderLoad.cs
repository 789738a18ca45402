using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Benchmarks.Policies;

/// <summary>A server under 100 requests a second, each with calls to two dependencies, while its policies change a thousand times in a row.</summary>
internal static class ChangesUnderLoad
{
    private const int Changes = 1000;
    private const int CallsEach = 10;

    // Milliseconds, such that every document is without contradiction.
    private const int First = 3000;
    private const int Difference = 2500;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public sealed record Result(int Requests, int Failed, int Torn, double MemoryRatio);

    public static async Task<Result> MeasureAsync(string store)
    {
        var torn = 0;
        await using var app = Build(store, () => Interlocked.Increment(ref torn));
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var registry = app.Services.GetRequiredService<DependencyRegistry>();
        using var stopping = new CancellationTokenSource();
        var load = LoadAsync(client, stopping.Token);
        await using var operators = PolicyInstance.Open(store);
        var sizes = new List<long>();
        for (var change = 1; change <= Changes; change++)
        {
            var ms = First + change;
            var text = FormattableString.Invariant($"defaults: {{ total_ms: {ms}, l2: {{ attempt_timeout_ms: {ms - Difference} }}, breaker: {{ break_ms: {5000 + change % 2} }} }}");
            await operators.ChangeAsync(
                new PolicyChange(new Dictionary<string, ReadOnlyMemory<byte>?> { [PolicyScope.Whole] = Encoding.UTF8.GetBytes(text) }, "gate", "load"), CancellationToken.None);
            await InForceAsync(registry, ms);
            if (change is Changes / 5 or Changes)
            {
                sizes.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        await stopping.CancelAsync();
        var (requests, failed) = await load;
        await app.StopAsync();
        return new Result(requests, failed, torn, (double)sizes[1] / sizes[0]);
    }

    private static async Task InForceAsync(DependencyRegistry registry, int ms)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (registry.Get("stock").Policy.Total.TotalMilliseconds < ms)
        {
            await timer.WaitForNextTickAsync();
        }
    }

    private static WebApplication Build(string store, Action torn)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHotPolicies(options => (options.Service, options.Instance, options.Store) = ("shop", "1", _ => PolicyInstance.Open(store)));
        foreach (var name in (string[])["stock", "money"])
        {
            builder.Services.AddResilientHttpClient(name, client => client.BaseAddress = new Uri("http://dependency/")).ConfigurePrimaryHttpMessageHandler(() => new Pipeline.InMemoryTransport(failures: 0, yields: true));
        }

        var app = builder.Build();
        app.UseCallContext();
        app.MapGet("/", (IHttpClientFactory clients, DependencyRegistry registry, CancellationToken cancel) => ServeAsync(clients, registry, torn, cancel));
        return app;
    }

    /// <summary>A request is torn when its calls do not all run under the numbers of one revision.</summary>
    private static async Task<IResult> ServeAsync(IHttpClientFactory clients, DependencyRegistry registry, Action torn, CancellationToken cancel)
    {
        var (stock, money) = (registry.Get("stock"), registry.Get("money"));
        var first = stock.SnapshotFor(CallContext.Current).Policy.Total;
        for (var call = 0; call < CallsEach; call++)
        {
            using var one = await clients.CreateClient("stock").GetAsync("/", cancel);
            await Task.Yield();
            using var other = await clients.CreateClient("money").GetAsync("/", cancel);
            var (a, b) = (stock.SnapshotFor(CallContext.Current).Policy, money.SnapshotFor(CallContext.Current).Policy);
            if (a.Total != first || b.Total != first || (first < TimeSpan.FromSeconds(5) && a.L2.AttemptTimeout != first - TimeSpan.FromMilliseconds(Difference)))
            {
                torn();
            }
        }

        return Results.Ok();
    }

    private static async Task<(int Requests, int Failed)> LoadAsync(HttpClient client, CancellationToken stopping)
    {
        var (sent, failed) = (0, 0);
        var underWay = new List<Task<bool>>();
        using var timer = new PeriodicTimer(Interval);
        while (!stopping.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
            failed += underWay.Count(request => request.IsCompleted && !request.Result);
            underWay.RemoveAll(request => request.IsCompleted);
            underWay.Add(SucceedsAsync(client));
            sent++;
        }

        failed += (await Task.WhenAll(underWay)).Count(succeeded => !succeeded);
        return (sent, failed);
    }

    private static async Task<bool> SucceedsAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
