using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Services.Tests.Orders;

/// <summary>Payments at the wire: HTTP on loopback, answers as the test says.</summary>
internal sealed class FakePayments : IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>What each order has paid and not got back.</summary>
    public ConcurrentDictionary<Guid, decimal> Captured { get; } = new();

    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Answers to the next charges; then they succeed.</summary>
    public ConcurrentQueue<Func<ChargeRequest, HttpContext, Task<IResult>>> Charges { get; } = new();

    /// <summary>Answers to the next refunds; then they succeed.</summary>
    public ConcurrentQueue<Func<IResult>> Refunds { get; } = new();

    /// <summary>When set, charging waits for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Uri Address => new(_app!.Urls.First());

    public static async Task<FakePayments> StartAsync()
    {
        var fake = new FakePayments();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        fake._app = builder.Build();
        fake._app.MapPost("/payments", (ChargeRequest charge, HttpContext context) => fake.ChargeAsync(charge, context));
        fake._app.MapPost("/payments/{orderId:guid}/refund", (Guid orderId) => fake.Refund(orderId));
        await fake._app.StartAsync(TestContext.Current.CancellationToken);
        return fake;
    }

    public void AnswerCharge(HttpStatusCode status, string code, string? retryAfter = null) => Charges.Enqueue((_, context) =>
    {
        if (retryAfter is not null)
        {
            context.Response.Headers.RetryAfter = retryAfter;
        }

        return Task.FromResult(Problem(status, code));
    });

    public static IResult Problem(HttpStatusCode status, string code) => TypedResults.Problem(
        $"because of {code}", statusCode: (int)status, extensions: new Dictionary<string, object?> { ["code"] = code });

    /// <summary>What Payments answers to a charge of which it captured so much.</summary>
    public static PaymentView View(ChargeRequest charge, decimal captured) =>
        new(charge.OrderId, PaymentStatus.Captured, charge.Amount, charge.Currency, captured, 0, null, DateTimeOffset.UnixEpoch);

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private async Task<IResult> ChargeAsync(ChargeRequest charge, HttpContext context)
    {
        Calls.Enqueue("charge");
        Entered.TrySetResult();
        if (Gate is { } gate)
        {
            await gate.Task.WaitAsync(context.RequestAborted);
        }

        if (Charges.TryDequeue(out var scripted))
        {
            return await scripted(charge, context);
        }

        Captured[charge.OrderId] = charge.Amount;
        return TypedResults.Ok(View(charge, charge.Amount));
    }

    private IResult Refund(Guid orderId)
    {
        Calls.Enqueue("refund");
        if (Refunds.TryDequeue(out var scripted))
        {
            return scripted();
        }

        Captured.TryRemove(orderId, out _);
        return TypedResults.Ok();
    }
}
