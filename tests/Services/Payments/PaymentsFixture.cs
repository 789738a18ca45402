using System.Net.Http.Json;
using Npgsql;

namespace Services.Tests.Payments;

/// <summary>Payments with its simulated provider, on a database of its own, with quick moods.</summary>
public sealed class PaymentsFixture(PostgresServer postgres) : IAsyncLifetime
{
    private ServiceFactory<PaymentTable>? _service;
    private string? _connectionString;

    public HttpClient Http { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public IServiceProvider Services => _service!.Services;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _connectionString = await postgres.CreateDatabaseAsync();
        Database = NpgsqlDataSource.Create(_connectionString);
        _service = Another(("Operator:Key", "k"), ("Capture:FirstPause", "00:00:00.020"), ("Capture:LongestPause", "00:00:00.050"), ("Capture:Look", "00:00:00.020"));
        Http = _service.Start();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _service!.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>What the provider in this process suffers from.</summary>
    public async Task WeatherAsync(int latencyMs, double errorRatio)
    {
        using var answer = await SetWeatherAsync(JsonContent.Create(new { latencyMs, errorRatio }));
        answer.EnsureSuccessStatusCode();
    }

    public async Task<HttpResponseMessage> SetWeatherAsync(HttpContent weather)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/provider/weather") { Content = weather };
        request.Headers.Add("X-Operator-Key", "k");
        request.Headers.Add("X-Operator", "ann");
        return await Http.SendAsync(request, Cancel);
    }

    /// <summary>One more process on the same database, as after a restart.</summary>
    internal ServiceFactory<PaymentTable> Another(params (string Name, string Value)[] settings)
    {
        var all = settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value);
        all["ConnectionStrings:paymentsdb"] = _connectionString;
        all.TryAdd("ProviderSimulation:SlowAnswer", "00:00:00.100");

        // Most tests are about what Payments makes of each answer of the provider, so it asks once; TierTests are about asking again.
        foreach (var dependency in new[] { "payment-provider", "payment-captures" })
        {
            all.TryAdd($"Resilience:dependencies:{dependency}:l1:enabled", "false");
            all.TryAdd($"Resilience:dependencies:{dependency}:l2:max_attempts", "1");
        }

        return new ServiceFactory<PaymentTable>(all);
    }

    public Task<HttpResponseMessage> ChargeAsync(Guid orderId, string token, decimal amount = 12.5m, string currency = "GBP") =>
        Http.PostAsJsonAsync("/payments", new ChargeRequest(orderId, amount, currency, token), Cancel);

    public Task<HttpResponseMessage> RefundAsync(Guid orderId) => Http.PostAsync($"/payments/{orderId}/refund", null, Cancel);

    public async Task<PaymentView> ViewAsync(Guid orderId) => (await Http.GetFromJsonAsync<PaymentView>($"/payments/{orderId}", Cancel))!;

    /// <summary>Charges the provider behind the back of Payments, as a process did that died before it could note the answer.</summary>
    public async Task ChargeProviderAsync(Guid orderId, decimal amount = 12.5m)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/provider/charges")
        {
            Content = JsonContent.Create(new { amount, currency = "GBP", token = "tok_ok" }),
            Headers = { { "Idempotency-Key", orderId.ToString() } },
        };
        using var response = await Http.SendAsync(request, Cancel);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>A payment that was begun by a process that died before it had the provider's answer.</summary>
    public async Task BeginAsync(Guid orderId, decimal amount = 12.5m)
    {
        await using var command = Database.CreateCommand("INSERT INTO payments (order_id, status, amount, currency, token_hash) VALUES ($1, 'pending', $2, 'GBP', sha256('tok_ok'))");
        command.Parameters.AddWithValue(orderId);
        command.Parameters.AddWithValue(amount);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    /// <summary>What the provider has taken for the order and not given back.</summary>
    public async Task<decimal> TakenAsync(Guid orderId)
    {
        await using var command = Database.CreateCommand("SELECT coalesce(sum(captured - refunded), 0) FROM provider.charges WHERE idempotency_key = $1");
        command.Parameters.AddWithValue(orderId.ToString());
        return (decimal)(await command.ExecuteScalarAsync(Cancel))!;
    }
}
