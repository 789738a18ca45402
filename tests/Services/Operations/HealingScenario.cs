using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Services.Tests.Operations;

/// <summary>A healing on the saga engine: a real database, the Kafka protocol, and a shop behind HTTP.</summary>
public abstract class HealingScenario(PostgresServer postgres) : IAsyncLifetime
{
    private protected FakeShop Shop { get; private set; } = null!;

    private protected LetterWorld World { get; private set; } = null!;

    /// <summary>The database of Operations, as the test sees it.</summary>
    private protected NpgsqlDataSource Database { get; private set; } = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Shop = await FakeShop.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (World is not null)
        {
            await Database.DisposeAsync();
            await World.DisposeAsync();
        }

        await Shop.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task StartAsync(params (string, string)[] settings)
    {
        World = await LetterWorld.StartAsync(postgres, [("Healing:Automatic", "true"), .. Shop.Settings, .. settings]);
        Database = NpgsqlDataSource.Create(World.Database);
    }

    private protected async Task<DeadLetter> ArrivedAsync(DeadLetter letter)
    {
        await World.SendAsync(letter);
        await World.UntilAsync("/api/dead-letters", list => list.EnumerateArray().Any(one => one.GetProperty("id").GetGuid() == letter.Id));
        return letter;
    }

    /// <summary>Keeps a letter as the consumer does, in a transaction of its own.</summary>
    private protected async Task KeepAsync(DeadLetter letter)
    {
        await using var connection = await Database.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await KeepAsync(letter, connection, transaction);
        await transaction.CommitAsync(Cancel);
    }

    private protected static Task KeepAsync(DeadLetter letter, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        var handler = new DeadLetterHandler(Options.Create(new HealingOptions { Automatic = true }), TimeProvider.System);
        return handler.HandleAsync([new ConsumedMessage<ArrivedLetter>(letter.Id.ToString(), letter.Key, null, ArrivedLetter.Parse(letter.ToJson()), "0")], connection, transaction, Cancel);
    }

    private protected Task<JsonElement> RedriveAsync(params IEnumerable<Guid> letters) => RedriveAsync(new { ids = letters, perSecond = 1000 });

    private protected async Task<JsonElement> RedriveAsync(object body)
    {
        using var answer = await PostAsync("/api/dead-letters/redrive?reason=drill", body);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    /// <summary>Until so many wait for a lock that somebody holds, or the last of them need not.</summary>
    private protected async Task WaitForLocksAsync(int count, Task last)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!last.IsCompleted
            && await ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND cardinality(pg_blocking_pids(pid)) > 0") < count)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    private protected async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private protected static async Task ExecuteAsync(string sql, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        await command.ExecuteNonQueryAsync(Cancel);
    }

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

    private protected Task UntilFirstTryFailedAsync() =>
        World.UntilAsync("/api/tickets/1", ticket => Comments(ticket).Any(text => text.StartsWith("Try 1: failed.", StringComparison.Ordinal)));

    /// <summary>Does something in a transaction, begins something else that waits for it, and commits.</summary>
    private protected async Task<T> BesideAsync<T>(Func<NpgsqlConnection, NpgsqlTransaction, Task> first, Func<Task<T>> second)
    {
        Task<T> waiting;
        await using (var connection = await Database.OpenConnectionAsync(Cancel))
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await first(connection, transaction);
            waiting = second();
            await WaitForLocksAsync(1, waiting);
            await transaction.CommitAsync(Cancel);
        }

        return await waiting;
    }

    private protected static bool Ended(JsonElement ticket) => Comments(ticket)[^1].StartsWith("The healing ended", StringComparison.Ordinal);

    private protected static List<string> Comments(JsonElement ticket) =>
        [.. ticket.GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!)];

    private protected Task<HttpResponseMessage> SayAsync(long ticket, string word, string reason) => PostAsync($"/api/tickets/{ticket}/{word}?reason={Uri.EscapeDataString(reason)}");

    private protected async Task<HttpResponseMessage> PostAsync(string path, object? body = null, string by = "ann")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", by } }, Content = body is null ? null : JsonContent.Create(body) };
        return await World.Http.SendAsync(request, Cancel);
    }

    private protected async Task<long> ScalarAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }
}
