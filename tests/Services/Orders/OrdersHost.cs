using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Services.Tests.Orders;

/// <summary>Orders with its own database and faked neighbours; more replicas on demand.</summary>
internal sealed class OrdersHost : IAsyncDisposable
{
    private readonly List<ServiceFactory<OrderTable>> _replicas = [];
    private readonly MockKafka _kafka;

    private OrdersHost(string database, FakeInventory inventory, FakePayments payments, MockKafka kafka)
    {
        Database = NpgsqlDataSource.Create(database);
        ConnectionString = database;
        (Inventory, Payments, _kafka) = (inventory, payments, kafka);
        Client = null!;
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public NpgsqlDataSource Database { get; }

    public string ConnectionString { get; }

    public FakeInventory Inventory { get; }

    public FakePayments Payments { get; }

    public HttpClient Client { get; private set; }

    public MockKafka Kafka => _kafka;

    /// <summary>Of the first replica.</summary>
    public ServiceDegradation Degradation => _replicas[0].Services.GetRequiredService<ServiceDegradation>();

    public Dictionary<string, string?> Settings { get; } = new()
    {
        // Tests that do not mean to run out of time must not.
        ["Checkout:SlaMs"] = "30000",

        // Most tests are about what the saga makes of each answer of Payments, so a step asks once; TierTests are about asking again.
        ["Resilience:dependencies:payments:l2:max_attempts"] = "1",
        ["Sagas:PollInterval"] = "00:00:00.050",
        ["Sagas:WatchInterval"] = "00:00:00.020",
        ["Sagas:DrainTime"] = "00:00:00.100",
        ["Sagas:MaxConcurrency"] = "32",
        ["Outbox:PollInterval"] = "00:00:00.100",
        ["Outbox:LeaderInterval"] = "00:00:00.100",
    };

    public static async Task<OrdersHost> StartAsync(PostgresServer server, params (string Name, string Value)[] settings)
    {
        var host = new OrdersHost(
            await server.CreateDatabaseAsync(), await FakeInventory.StartAsync(), await FakePayments.StartAsync(), new MockKafka());
        foreach (var (name, value) in settings)
        {
            host.Settings[name] = value;
        }

        host.Client = host.AddReplica();
        return host;
    }

    public HttpClient AddReplica()
    {
        var settings = new Dictionary<string, string?>(Settings)
        {
            ["ConnectionStrings:ordersdb"] = ConnectionString,
            ["ConnectionStrings:kafka"] = _kafka.BootstrapServers,
            ["services:inventory:grpc:0"] = Inventory.Address.ToString(),
            ["services:payments:http:0"] = Payments.Address.ToString(),
        };
        var replica = new ServiceFactory<OrderTable>(settings);
        _replicas.Add(replica);
        return replica.Start();
    }

    /// <summary>Ends the first replica, as an orchestrator does.</summary>
    public async Task StopFirstReplicaAsync()
    {
        var first = _replicas[0];
        _replicas.RemoveAt(0);
        await first.DisposeAsync();
    }

    public static object Order(string token = "tok_ok", params (string Sku, decimal Quantity, decimal UnitPrice)[] lines) => new
    {
        customerId = "17850",
        currency = "GBP",
        lines = (lines.Length > 0 ? lines : [("85123A", 6m, 2.55m), ("71053", 2m, 3.39m)])
            .Select(line => new { sku = line.Sku, quantity = line.Quantity, unitPrice = line.UnitPrice }),
        payment = new { token },
    };

    public Task<HttpResponseMessage> PostAsync(object order, string? key = null, int? deadlineMs = null, HttpClient? client = null) =>
        PostAsync(JsonContent.Create(order), key, deadlineMs, client);

    public async Task<HttpResponseMessage> PostAsync(HttpContent content, string? key = null, int? deadlineMs = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = content };
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        if (deadlineMs is not null)
        {
            request.Headers.Add("x-deadline-ms", $"{deadlineMs}");
        }

        return await (client ?? Client).SendAsync(request, Cancel);
    }

    public async Task<OrderView> PlaceAsync(string token = "tok_ok")
    {
        var response = await PostAsync(Order(token));
        response.StatusCode.ShouldBe(HttpStatusCode.Created, await response.Content.ReadAsStringAsync(Cancel));
        return await ViewAsync(response);
    }

    /// <summary>
    /// Places an order that is answered as pending, because whoever asks cannot wait and Payments holds its answer back: close
    /// <see cref="FakePayments.Gate"/> first. A busy machine may not even have stored the order by then and say so with a 504; the client then repeats it
    /// under the same key, as it is told to.
    /// </summary>
    public async Task<HttpResponseMessage> PostPendingAsync(string? key = null)
    {
        key ??= Guid.NewGuid().ToString();
        HttpResponseMessage response;
        do
        {
            response = await PostAsync(Order(), key, deadlineMs: 250);
        }
        while (response.StatusCode is HttpStatusCode.GatewayTimeout or HttpStatusCode.ServiceUnavailable);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted, await response.Content.ReadAsStringAsync(Cancel));
        return response;
    }

    public static async Task<OrderView> ViewAsync(HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<OrderView>(JsonSerializerOptions.Web, Cancel))!;

    public async Task<OrderView> GetAsync(Guid id) => (await Client.GetFromJsonAsync<OrderView>($"/orders/{id}", Cancel))!;

    public async Task<HttpResponseMessage> CancelAsync(Guid id, int? deadlineMs = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/orders/{id}/cancel");
        if (deadlineMs is not null)
        {
            request.Headers.Add("x-deadline-ms", $"{deadlineMs}");
        }

        return await Client.SendAsync(request, Cancel);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancel))!;
    }

    /// <summary>Everything a creation stores, in rows.</summary>
    public Task<long> CountRowsAsync() => ScalarAsync<long>(
        "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_lines) + (SELECT count(*) FROM durable.sagas) + (SELECT count(*) FROM durable.finished_sagas) + (SELECT count(*) FROM durable.outbox)");

    public async Task UntilAsync(string sql)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await ScalarAsync<bool>(sql))
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }

        await Inventory.DisposeAsync();
        await Payments.DisposeAsync();
        await Database.DisposeAsync();
        _kafka.Dispose();
    }
}
