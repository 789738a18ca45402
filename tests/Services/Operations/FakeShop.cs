using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.Operations;

/// <summary>Orders, Payments and Inventory as a healing sees them: one saga, its books, and what becomes of each try.</summary>
internal sealed class FakeShop : IAsyncDisposable
{
    private const string ServiceKey = "between-services";

    private StubServer _server = null!;
    private int _asked;

    public Guid Order { get; } = Guid.CreateVersion7();

    public string Saga { get; set; } = "held";

    public string Breaker { get; set; } = "Closed";

    /// <summary>What the saga is after the next tries, first to last; then it stays as it is.</summary>
    public ConcurrentQueue<string> AfterRetries { get; } = new();

    /// <summary>Whether the money of a completed order is where it should be.</summary>
    public bool HasPayment { get; set; } = true;

    public bool IsAway { get; set; }

    /// <summary>Whether answers stall behind their heads.</summary>
    public bool IsStalled { get; set; }

    public ConcurrentQueue<string> Acts { get; } = new();

    /// <summary>How often it was asked for anything, answered or not.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public Uri Address => _server.Address;

    /// <summary>When set, looks at the saga wait for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public TaskCompletionSource Looked { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public (string, string)[] Settings =>
    [
        .. ((string[])["orders", "payments", "inventory"]).Select(service => ($"services:{service}:http:0", _server.Address.ToString())),
        ("Operator:ServiceKey", ServiceKey),
    ];

    public static async Task<FakeShop> StartAsync()
    {
        var shop = new FakeShop();
        shop._server = await StubServer.StartAsync(shop.AnswerAsync);
        return shop;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref _asked);
        if (IsAway)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (IsStalled)
        {
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (http.Request.Method == HttpMethods.Post)
        {
            await ActAsync(http);
            return;
        }

        object? body = http.Request.Path.Value switch
        {
            "/resilience" => new[] { new { dependency = "payments", breakers = new[] { new { channel = "stable", state = Breaker } } } },
            { } path when path == $"/sagas/{Order}" => await SagaAsync(),
            { } path when path == $"/orders/{Order}" => new OrderView(
                Order, "c", "GBP", Saga == "completed" ? OrderStatus.Confirmed : Saga == "compensated" ? OrderStatus.Cancelled : OrderStatus.Pending, 20m, [new OrderLine("a", 2, 10)], null, default, default),
            { } path when path == $"/payments/{Order}" && HasPayment => new PaymentView(
                Order, Saga == "completed" ? PaymentStatus.Captured : PaymentStatus.Refunded, 20m, "GBP", Saga == "completed" ? 20m : 0, 0, null, default),
            { } path when path == $"/reservations/{Order}" => new ReservationView(
                Order, Saga == "compensated" ? ReservationStatus.Released : ReservationStatus.Reserved, [new ReservationLine("a", 2)]),
            _ => null,
        };
        await (body is null ? Results.NotFound() : Results.Json(body)).ExecuteAsync(http);
    }

    private async Task<object> SagaAsync()
    {
        Looked.TrySetResult();
        if (Gate is { } gate)
        {
            await gate.Task;
        }

        return new { definition = "order", status = Saga, lastErrorCode = "PAYMENT_UNAVAILABLE", lastError = "It answered 503." };
    }

    private Task ActAsync(HttpContext http)
    {
        if (http.Request.Headers["X-Operator-Key"] != ServiceKey || http.Request.Headers["X-Operator"].Count != 1)
        {
            return Results.Unauthorized().ExecuteAsync(http);
        }

        var action = http.Request.Path.Value!.Split('/')[^1];
        Acts.Enqueue(action);
        Saga = action == "compensate" ? "compensated" : AfterRetries.TryDequeue(out var next) ? next : Saga;
        return Results.Json(new { }).ExecuteAsync(http);
    }
}
