using System.Net.Http.Json;

namespace Services.Tests.Operations;

/// <summary>Operations on a database and a broker of its own.</summary>
internal sealed class OperationsHost : IAsyncDisposable
{
    private readonly ServiceFactory<OrderFlowReader> _service;

    private OperationsHost(ServiceFactory<OrderFlowReader> service)
    {
        _service = service;
        Http = service.Start();
    }

    public HttpClient Http { get; }

    public IServiceProvider Services => _service.Services;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<OperationsHost> StartAsync(PostgresServer postgres, string bootstrapServers, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>
        {
            ["ConnectionStrings:operationsdb"] = await postgres.CreateDatabaseAsync(),
            ["ConnectionStrings:kafka"] = bootstrapServers,
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return new OperationsHost(new ServiceFactory<OrderFlowReader>(all));
    }

    public static OrderEvent Event(string type, Guid orderId, decimal total = 10, string currency = "GBP", string? failureCode = null) =>
        new(Guid.NewGuid(), type, orderId, "c-1", currency, total, 1, failureCode, DateTimeOffset.UnixEpoch);

    public async Task<OrderFlowSummary> SummaryAsync() => (await Http.GetFromJsonAsync<OrderFlowSummary>("/api/summary", Cancel))!;

    /// <summary>The first summary of which <paramref name="isReached"/> holds.</summary>
    public async Task<OrderFlowSummary> WaitAsync(Func<OrderFlowSummary, bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(40));
        while (true)
        {
            var summary = await SummaryAsync();
            if (isReached(summary))
            {
                return summary;
            }

            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _service.DisposeAsync();
    }
}
