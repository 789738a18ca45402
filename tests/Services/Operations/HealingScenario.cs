using System.Text.Json;
using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Durable;
using ResilientShop.Tests;

namespace ResilientShop.Services.Tests.Operations;

/// <summary>A healing on the saga engine: a real database, the Kafka protocol, and a shop behind HTTP.</summary>
public abstract class HealingScenario(PostgresServer postgres) : IAsyncLifetime
{
    private protected FakeShop Shop { get; private set; } = null!;

    private protected LetterWorld World { get; private set; } = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Shop = await FakeShop.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (World is not null)
        {
            await World.DisposeAsync();
        }

        await Shop.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task StartAsync(params (string, string)[] settings) =>
        World = await LetterWorld.StartAsync(postgres, [("Healing:Automatic", "true"), .. Shop.Settings, .. settings]);

    private protected DeadLetter OfOrder(string step = "charge") => new()
    {
        ServiceName = "orders",
        Operation = $"saga order: {step}",
        ErrorCode = "PAYMENT_UNAVAILABLE",
        ErrorDetail = "It answered 503.",
        RetryCount = 3,
        Key = Shop.Order.ToString(),
        Source = DeadLetterSource.Saga(Shop.Order, step),
        Time = DateTimeOffset.UtcNow,
    };

    private protected static DeadLetter OfMessage(OrderEvent message) => new DeadLetter
    {
        ServiceName = "operations",
        Operation = "process orders.events.v1",
        ErrorCode = DeadLetterCodes.HandlerFailed,
        ErrorDetail = "It threw.",
        RetryCount = 3,
        Key = message.OrderId.ToString(),
        Source = DeadLetterSource.Message("operations", Topics.OrderEvents, 0, 1, message.EventId.ToString(), message.Type),
        Time = DateTimeOffset.UtcNow,
    }.WithPayload(JsonSerializer.SerializeToUtf8Bytes(message, JsonSerializerOptions.Web));

    private protected Task<JsonElement> TicketAsync(string status, bool ended = false) => World.UntilAsync(
        "/api/tickets/1", ticket => ticket.GetProperty("ticket").GetProperty("status").GetString() == status && (!ended || Ended(ticket)));

    private protected static bool Ended(JsonElement ticket) => Comments(ticket)[^1].StartsWith("The healing ended", StringComparison.Ordinal);

    private protected static List<string> Comments(JsonElement ticket) =>
        [.. ticket.GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!)];

    private protected Task<HttpResponseMessage> SayAsync(long ticket, string word, string reason) => PostAsync($"/api/tickets/{ticket}/{word}?reason={Uri.EscapeDataString(reason)}");

    private protected async Task<HttpResponseMessage> PostAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", "ann" } } };
        return await World.Http.SendAsync(request, Cancel);
    }

    private protected async Task<long> ScalarAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(World.Database);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }
}
